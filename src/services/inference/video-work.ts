import { pMapIterable } from 'p-map';
import type { InferenceEventBody } from '../../core/inference/inference-event.ts';
import type { VideoState } from '../../core/inference/inference-state.ts';
import { resumeCommand } from '../../core/run/run-commands.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun, WorkerNeeds } from '../../ports/host.ts';
import type { ModelProgram, VideoTask } from '../../protocol/inference.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { FatalFailure, Prepared, RunWork } from '../runs/run-kind.ts';
import { isOutputLost } from '../runs/task-results.ts';
import { madeFileOf } from './inference-report-items.ts';
import type { InferenceRun, InferenceTypes, VideoRunTask } from './inference-types.ts';
import { videoPath } from './plan-inference.ts';
import { type PrepareContext, prepareVideo } from './prepare-video.ts';
import { downloadChecked, failedVideo, isHome, madeOf, settleVideo } from './settle-video.ts';
import { makePreview, maxPreviews } from './video-previews.ts';

/** Videos whose files are read through ahead of the batch that is being submitted. */
const preparedAhead = 8;

type VideoRunTypes = Omit<InferenceTypes, 'task'> & { readonly task: VideoRunTask };

/** The second stage: what one session does for the videos of its run. Each is brought home as soon as it is made. */
export class VideoWork implements RunWork<VideoRunTypes> {
  readonly engine: ModelProgram;
  readonly needs: WorkerNeeds = 'inference-model';
  // A start of the program takes minutes: it begins with a whole batch.
  readonly tasksInFlight = 0;
  readonly batchesInFlight = 2;
  // Records of one spec are written one after the other.
  readonly settlesInFlight = 1;
  readonly #run: InferenceRun;
  /** Tasks that are prepared, by their key; several videos may share one. */
  readonly #tasks = new Map<string, VideoRunTask[]>();
  /** How many of them are not settled. */
  readonly #open = new Map<string, number>();

  constructor(run: InferenceRun) {
    const { family, program, keep_controls } = run.session.checkpoint.settings;
    this.#run = run;
    this.engine = { family, ...program, keep_controls };
  }

  retriedKeys(): readonly string[] {
    return [...this.#run.state.videos.values()].flatMap(({ prepared, isReopened, finished }) =>
      prepared && isReopened && finished === null ? [prepared.task_key] : [],
    );
  }

  async *tasks(): AsyncIterable<Prepared<VideoRunTypes>> {
    const { state, session } = this.#run;
    const pending = new Set(state.pendingVideos);
    const inOrder = session.checkpoint.video_batches.flatMap(({ videos }) =>
      videos.flatMap((name) => state.videos.get(name) ?? []),
    );
    const wanted = inOrder.filter((video) => pending.has(video));
    const countTokens = await this.#run.ports.textTokens();
    const context = { run: this.#run, identified: new Map(), countTokens };
    yield* pMapIterable(wanted, (video) => this.#prepare(video, context), {
      concurrency: this.#run.ports.parallelism,
      backpressure: preparedAhead,
    });
  }

  preparedEvent({ state, taskKey, isEdited, warnings }: VideoRunTask): InferenceEventBody | null {
    if (state.prepared?.task_key === taskKey && state.prepared.is_edited === isEdited) return null;
    const { video } = state.planned;
    return {
      ...{ type: 'video-prepared', video, task_key: taskKey, is_edited: isEdited },
      warnings: [...warnings],
    };
  }

  manifestTask({ work }: VideoRunTask): VideoTask {
    return work;
  }

  objectsOf({ files }: VideoRunTask): readonly HostObject[] {
    return files.map((file) => ({ ...file, isSource: true }));
  }

  /** What was made before is used where it still lies in its place. */
  async cachedResult({ taskKey }: VideoRunTask): Promise<TaskResult | null> {
    const { session, ports } = this.#run;
    const { settings } = session.checkpoint;
    if (settings.force) return null;
    // The video lies in the user's folder, and is told by its hash: which host made it is no matter.
    const known = (await ports.results.get(taskKey, null))?.result;
    if (!known?.video) return null;
    for (const { state } of this.#tasks.get(taskKey) ?? []) {
      if (!(await isHome(known.video, videoPath(settings, state.planned.video, ports), this.#run)))
        return null;
    }
    return known;
  }

  /** The result may be of a video that was dropped from the host when it had come home, and is lost here since. */
  async isUsable({ state, taskKey }: VideoRunTask, { video }: TaskResult, host: HostRun): Promise<boolean> {
    if (!video) return true;
    const { session, ports } = this.#run;
    try {
      const output = videoPath(session.checkpoint.settings, state.planned.video, ports);
      const like = madeOf({ state }, this.#run);
      return (await downloadChecked(taskKey, { ...video, like }, output, host, this.#run)) === null;
    } catch (error) {
      if (isOutputLost(error, this.#run.signal)) return false;
      throw error;
    }
  }

  async settle(
    task: VideoRunTask,
    result: TaskResult,
    isReused: boolean,
    host: HostRun | null,
  ): Promise<InferenceEventBody> {
    return await settleVideo(task, result, isReused, host, this.#run);
  }

  /** Every video is a checkpoint of its own. */
  checkpointAfter(): readonly [] {
    return [];
  }

  /** The video is here, durably: the host's copy would only take room. */
  async onSettled(
    { taskKey, state }: VideoRunTask,
    result: TaskResult,
    isReused: boolean,
    host: HostRun | null,
    machine?: string,
  ): Promise<void> {
    this.#run.observer.onVideo(state.planned.video, null);
    const { session, ports } = this.#run;
    const { family, host: hostName } = session.checkpoint.settings;
    const model = { engine: 'inference', model: family, base_url: null, host: machine ?? hostName };
    const stored = { tool_version: ports.toolVersion, stored_at: new Date(ports.clock.now()).toISOString() };
    const isMade = this.#run.state.videos.get(state.planned.video)?.finished !== null;
    if (!isReused && isMade) await ports.results.put(result, { ...model, ...stored });
    const open = (this.#open.get(taskKey) ?? 1) - 1;
    this.#open.set(taskKey, open);
    const keys = [taskKey, ...(result.video?.controls ?? []).map(({ key }) => key)];
    if (open === 0 && result.status === 'ok') await host?.dropOutputs(keys);
    if (!isReused) await this.#preview(state);
  }

  onProgress(taskKey: string, step: number, steps: number): void {
    for (const { state } of this.#tasks.get(taskKey) ?? [])
      this.#run.observer.onVideo(state.planned.video, { step, steps });
  }

  fatalError({ message }: FatalFailure): AppError {
    const { runId } = this.#run.session;
    return new AppError({
      code: 'worker-failed',
      message: message ?? "The model's program cannot be used.",
      nextStep: `Its log: cosmos logs ${runId} --engine. Nothing finished is lost: fix the cause, then continue with: ${resumeCommand(runId)}`,
    });
  }

  /** While the model is at work on the next videos there is time for it; when the run has ended, the report is waited for. */
  async #preview(video: VideoState): Promise<void> {
    const { session, ports, signal, state } = this.#run;
    const file = madeFileOf(video);
    if (file && state.counts.made <= maxPreviews) await makePreview(file, session.paths, ports, signal);
  }

  async #prepare(video: VideoState, context: PrepareContext): Promise<Prepared<VideoRunTypes>> {
    const prepared = await prepareVideo(video, context);
    if (!prepared.isReady) {
      const outcome = failedVideo(video, prepared.failure, 0, null);
      return { isReady: false, batchId: video.planned.batch_id, outcome };
    }
    const { task } = prepared;
    this.#tasks.set(task.taskKey, [...(this.#tasks.get(task.taskKey) ?? []), task]);
    this.#open.set(task.taskKey, (this.#open.get(task.taskKey) ?? 0) + 1);
    return { isReady: true, task };
  }
}
