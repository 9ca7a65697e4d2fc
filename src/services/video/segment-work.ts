import { codecOf } from '../../core/encoding/encoding-settings.ts';
import { isPicturePattern, numberedName, parsePicturePattern } from '../../core/frames/picture-series.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import { type FailureCode, failureNextSteps } from '../../core/run/failure.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { mostSegmentBytes } from '../../core/video/segment-bounds.ts';
import type { PinnedFile, PlannedSegment } from '../../core/video/video-checkpoint.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';
import type { SegmentEngine } from '../../protocol/manifest.ts';
import type { SegmentFacts, SegmentTask } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { FatalFailure, Prepared, RunWork } from '../runs/run-kind.ts';
import { isOutputLost } from '../runs/task-results.ts';
import { segmentEngineOf, segmentTaskOf } from './segment-tasks.ts';
import { fileToRead, pictureNumbersOf } from './source-of.ts';
import { SourceCutter, withPart } from './source-parts.ts';
import { decodeTimeline } from './timeline-of.ts';
import { type SegmentRunTask, segmentName, type VideoRun, type VideoTypes } from './video-types.ts';
import { masksName } from './worker-files.ts';

/** Next steps that differ from those of a spec. */
const nextSteps: Partial<Record<string, string>> = {
  'video-unreadable': 'Play the video to see where it is damaged; --keep-going upscales what can be read.',
  'engine-crashed':
    "Its processes keep ending: look at the worker's log (cosmos logs RUN), then resume the run.",
  'engine-failed': "Look at the worker's log (cosmos logs RUN), then resume the run.",
};

/** What one session does for the segments of its run: each finished one is downloaded into the run folder. */
export class SegmentWork implements RunWork<VideoTypes> {
  readonly engine: SegmentEngine;
  // Segments are submitted one after the other: workers take them in this order, and the first are needed first.
  readonly tasksInFlight = Number.POSITIVE_INFINITY;
  readonly batchesInFlight = 1;
  readonly settlesInFlight = 2;
  readonly #run: VideoRun;
  readonly #timeline: Timeline;
  readonly #byKey: ReadonlyMap<string, PlannedSegment>;
  readonly #source: HostObject;
  /** What every segment needs beside its frames. */
  readonly #others: readonly HostObject[];
  readonly #cutter: SourceCutter;
  /** Frames done of segments under way, by task key. */
  readonly #doneFrames = new Map<string, number>();

  constructor(run: VideoRun) {
    const { checkpoint } = run.session;
    const { model, settings } = checkpoint;
    this.#run = run;
    this.engine = segmentEngineOf(checkpoint);
    this.#timeline = decodeTimeline(checkpoint);
    this.#byKey = new Map(checkpoint.segments.map((segment) => [segment.task_key, segment]));
    this.#source = objectOf(fileToRead(checkpoint));
    const masks = checkpoint.kind === 'retouch' ? checkpoint.masks : null;
    const masksPath = run.session.paths.inside(masksName);
    this.#others = [
      ...(model ? [objectOf(model)] : []),
      ...(masks ? [{ path: masksPath, sha256: masks.sha256, sizeBytes: masks.size_bytes }] : []),
    ];
    const isSpread = run.ports.host(settings.host).isSpread ?? false;
    this.#cutter = new SourceCutter(run, this.#timeline, isSpread);
  }

  retriedKeys(): readonly string[] {
    return [...this.#run.state.segments.values()].flatMap(({ planned, isReopened, finished }) =>
      isReopened && finished === null ? [planned.task_key] : [],
    );
  }

  async *tasks(): AsyncIterable<Prepared<VideoTypes>> {
    for (const segment of this.#run.state.pending) {
      const { task_key: taskKey, segment_id: batchId } = segment;
      const part = await this.#cutter.cut(segment);
      yield { isReady: true, task: { taskKey, batchId, segment, part } };
    }
  }

  manifestTask({ segment, part }: SegmentRunTask): SegmentTask {
    return withPart(segmentTaskOf(segment, this.#run.session.checkpoint, this.#timeline), part);
  }

  objectsOf({ part }: SegmentRunTask): readonly HostObject[] {
    return [part?.object ?? this.#source, ...this.#others];
  }

  /** Drops segments that an earlier session downloaded, and was killed before it could drop them. */
  async onOpen(host: HostRun): Promise<void> {
    const segments = [...this.#run.state.segments.values()];
    await host.dropOutputs(segments.flatMap(({ planned, finished }) => (finished ? [planned.task_key] : [])));
  }

  /** The file of a segment that was lost here may still be on its host; where it is not, its result goes. */
  async isUsable(
    { segment }: SegmentRunTask,
    { segment: facts }: TaskResult,
    host: HostRun,
  ): Promise<boolean> {
    const isLost = this.#run.state.segments.get(segment.segment_id)?.isLost ?? false;
    if (!isLost || !facts) return true;
    try {
      await this.#download(host, segment, facts);
      return true;
    } catch (error) {
      if (isOutputLost(error, this.#run.signal)) return false;
      throw error;
    }
  }

  async settle(
    { segment, part }: SegmentRunTask,
    result: TaskResult,
    _isReused: boolean,
    host: HostRun | null,
  ): Promise<VideoEventBody> {
    const { segment_id: segmentId, task_key: taskKey } = segment;
    const common = { segment_id: segmentId, task_key: taskKey, attempts: result.attempts };
    const facts = result.segment ?? null;
    if (result.status === 'failed' || facts === null || host === null) {
      // A part of the source may lack what the whole has.
      if (part !== null && result.error?.code === 'video-unreadable' && this.#cutter.giveUp(segment))
        throw partUnreadable(segmentId);
      const code = result.error?.code ?? 'engine-failed';
      const reason = result.error?.message ?? 'The segment was not made.';
      const message = code === 'video-unreadable' ? `${reason}${this.#picturesOf(segment)}` : reason;
      const nextStep = nextSteps[code] ?? failureNextSteps[code as FailureCode];
      return { type: 'segment-failed', ...common, code, message, next_step: nextStep };
    }
    await this.#download(host, segment, facts);
    return {
      type: 'segment-finished',
      ...common,
      frames: facts.frames,
      unique_frames: facts.unique_frames,
      sha256: facts.sha256,
      size_bytes: facts.size_bytes,
      duration_ms: result.duration_ms,
      stages_ms: facts.stages_ms,
      batch_size: facts.batch_size,
      tile: facts.tile,
      lanes: facts.lanes,
    };
  }

  /** Its sound and everything else beside the pictures. A video that is taken apart again is put together here. */
  finishObjects(): readonly HostObject[] | null {
    return isPicturePattern(this.#run.session.checkpoint.settings.output) ? null : [this.#source];
  }

  async again(task: SegmentRunTask): Promise<SegmentRunTask> {
    return { ...task, part: await this.#cutter.cut(task.segment) };
  }

  /** Every segment is a checkpoint of its own. */
  checkpointAfter(): readonly [] {
    return [];
  }

  /** The segment is here, durably: the host's copy would only take room. */
  async onSettled(
    { taskKey, segment }: SegmentRunTask,
    { status }: TaskResult,
    _isReused: boolean,
    host: HostRun | null,
  ): Promise<void> {
    this.#doneFrames.delete(taskKey);
    this.#showFrames();
    await this.#cutter.remove(segment);
    if (status === 'ok') await host?.dropOutputs([taskKey]);
  }

  onProgress(taskKey: string, frames: number): void {
    const segment = this.#byKey.get(taskKey);
    if (!segment || this.#run.state.segments.get(segment.segment_id)?.finished) return;
    this.#doneFrames.set(taskKey, frames);
    this.#showFrames();
  }

  fatalError(status: FatalFailure): AppError {
    return fatalWorkerError(status, this.#run.session.checkpoint);
  }

  /** Which pictures a segment is made of, as a further sentence; nothing of a video. */
  #picturesOf({ first_frame: first, frames }: PlannedSegment): string {
    const { source, pictures, clip } = this.#run.session.checkpoint;
    const pattern = pictures ? parsePicturePattern(source.path) : null;
    if (pattern === null) return '';
    const times = this.#timeline.times.subarray(first, first + frames);
    const numbers = pictureNumbersOf({ ...(pictures && { pictures }), clip }, times);
    const [from, to] = [numbers[0] ?? 0, numbers.at(-1) ?? 0].map((number) => numberedName(pattern, number));
    return ` It is one of the pictures ${from} to ${to}.`;
  }

  #showFrames(): void {
    const underWay = [...this.#doneFrames.values()].reduce((sum, frames) => sum + frames, 0);
    this.#run.observer.onFrames(this.#run.state.finishedFrames + underWay);
  }

  /**
   * Brings a segment home. What its host says of it is not taken on trust: the size before a byte is fetched, and the
   * file before it counts, because one that is no video would be found out only when all of them are put together.
   *
   * @throws AppError `worker-failed` for one that has to be made again; else as `HostRun.downloadOutput`.
   */
  async #download(host: HostRun, segment: PlannedSegment, facts: SegmentFacts): Promise<void> {
    const { session, ports, signal } = this.#run;
    const { clip } = session.checkpoint;
    const path = session.paths.inside(segmentName(segment.segment_id));
    const most = mostSegmentBytes(clip, segment.frames);
    if (facts.size_bytes > most) {
      const mb = (bytes: number) => Math.ceil(bytes / 1e6);
      throw this.#unusable(
        segment,
        `it has ${mb(facts.size_bytes)} MB, and its frames yield ${mb(most)} MB at the most`,
      );
    }
    await host.downloadOutput(segment.task_key, facts, path);
    const check = {
      ...{ path, sizeBytes: facts.size_bytes, frames: segment.frames },
      size: { width: clip.target.width, height: clip.target.height },
      codec: codecOf(session.checkpoint.settings.engine.encoding),
      isDecoded: session.checkpoint.settings.host !== localHostName,
    };
    const reason = await ports.video.checkSegment(check, signal);
    if (reason === null) return;
    await ports.video.discard([path]);
    throw this.#unusable(segment, reason);
  }

  #unusable({ segment_id: id }: PlannedSegment, reason: string): AppError {
    const { host } = this.#run.session.checkpoint.settings;
    const message = `Segment ${id + 1} that ${host} made cannot be used: ${reason}.`;
    this.#run.observer.onNotice(message);
    return new AppError({
      code: 'worker-failed',
      message,
      nextStep: `Resume the run: it is made again. If that happens again, check the host with: cosmos doctor --host ${host}`,
      isRetryable: true,
    });
  }
}

function objectOf({ path, sha256, size_bytes: sizeBytes }: PinnedFile): HostObject {
  return { path, sha256, sizeBytes, isSource: true };
}

/** Has the segment made again, of the whole source. */
function partUnreadable(segmentId: number): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `Segment ${segmentId} could not be decoded from the part of the source that was sent for it.`,
  });
}

interface RunOnHost {
  readonly settings: { readonly host: string };
  readonly model: { readonly path: string } | null;
}

/** What ends a run whose workers have failed for good. */
export function fatalWorkerError(
  { message, code }: FatalFailure,
  { settings: { host }, model }: RunOnHost,
): AppError {
  const text = message ?? 'The engine cannot be used.';
  const nextStep = 'Nothing finished is lost.';
  // The worker has the model under another name.
  const named = model === null || message === null ? text : `${model.path}: ${message}`;
  if (code === 'model-unreadable') return new AppError({ code, message: named, nextStep });
  if (code !== 'runtime-missing') return new AppError({ code: 'worker-failed', message: text, nextStep });
  // On a host the runtime comes with the image, and nothing can be installed by hand.
  const fromImage = `It has to be in upscaler_image; the standard image has it: cosmos host prepare ${host} --upscaler.`;
  return new AppError({
    code: 'prerequisite-missing',
    message: text,
    nextStep: host === localHostName ? nextStep : fromImage,
  });
}
