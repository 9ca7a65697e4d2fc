import {
  type LaneShare,
  processingPlan,
  workerManifest,
  workerStatusFile,
} from '../../core/frames/plan-files.ts';
import { laneSettingsOf } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { SessionFollower } from '../runs/run-kind.ts';
import { LaneCounts } from './lane-counts.ts';
import type { VideoRun, VideoSession, VideoTypes } from './video-types.ts';

/** Where the masks of a run's regions lie in its folder. */
export const masksName = 'masks.txt';

/** How often the status files are written at most, in milliseconds. */
const writeEveryMs = 2_000;

/** Writes the plan for people and their programs: `parallel_processing_plan.json`, `worker_<n>_manifest.txt`. */
export async function publishPlanFiles(
  session: Pick<VideoSession, 'publish'>,
  { timeline, settings, masks, clip }: Pick<VideoPlan, 'timeline' | 'settings' | 'masks' | 'clip'>,
): Promise<void> {
  if (masks !== null) await session.publish(masksName, masks.lines);
  const { uniqueFrames, times } = timeline;
  const { lanes: workers, batch_size: batchSize, scale, tile } = laneSettingsOf(settings.engine, clip);
  await session.publish(
    'parallel_processing_plan.json',
    processingPlan({ frames: times.length, uniqueFrames }),
  );
  for (let worker = 0; worker < workers; worker++) {
    const manifest = workerManifest(worker, { uniqueFrames, workers, batchSize, scale, tile });
    await session.publish(`worker_${worker}_manifest.txt`, manifest);
  }
}

interface StatusFilesRun {
  readonly session: Pick<VideoSession, 'checkpoint' | 'publish'>;
  readonly state: VideoRun['state'];
  readonly observer: VideoObserver;
  readonly ports: { readonly clock: Clock };
}

/**
 * Keeps `worker_<n>_status.json` in the run folder, one for each lane. Other programs may read them, and cosmos never
 * does: where they cannot be written, the run continues.
 */
export class WorkerStatusFiles implements SessionFollower<VideoTypes> {
  readonly observer: VideoObserver;
  readonly #run: StatusFilesRun;
  readonly #counts: LaneCounts;
  readonly #startMs: number;
  /** What was written last, by lane, without its times. */
  readonly #written = new Map<number, string>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;
  #hasEnded = false;

  constructor(run: StatusFilesRun) {
    this.#run = run;
    this.#counts = new LaneCounts(run.session.checkpoint, run.state);
    this.#startMs = run.ports.clock.now();
    this.observer = this.#following(run.observer);
    this.#schedule(0);
  }

  #following(observer: VideoObserver): VideoObserver {
    return {
      onScan: (done, total) => observer.onScan(done, total),
      onDetect: (done, total) => observer.onDetect(done, total),
      onBegin: (run) => observer.onBegin(run),
      onEvent: (event) => {
        if (event.type === 'segment-finished') this.#counts.finish(event.segment_id);
        this.#schedule(writeEveryMs);
        observer.onEvent(event);
      },
      onTaskStarted: (key) => observer.onTaskStarted(key),
      onFrames: (done) => observer.onFrames(done),
      onWorkerStatus: (status) => {
        this.#counts.onStatus(status);
        this.#schedule(writeEveryMs);
        observer.onWorkerStatus(status);
      },
      onAssembly: (progress) => observer.onAssembly(progress),
      onNotice: (message) => observer.onNotice(message),
      onEnd: () => observer.onEnd(),
    };
  }

  /** Writes how it ended; nothing is written after that. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#writing;
    for (const [id, { finished }] of this.#run.state.segments) if (finished) this.#counts.finish(id);
    await this.#write();
  }

  /** Writes once, `delayMs` from the first call on. */
  #schedule(delayMs: number): void {
    if (this.#timer || this.#hasEnded) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().finally(() => {
        this.#timer = null;
      });
    }, delayMs);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    try {
      for (let lane = 0; lane < this.#counts.lanes; lane++) await this.#writeLane(lane);
    } catch (error) {
      if (this.#isFailing) return;
      this.#isFailing = true;
      this.#run.observer.onNotice(`The workers' status files could not be written: ${messageOf(error)}`);
    }
  }

  async #writeLane(lane: number): Promise<void> {
    const facts = this.#endedIfSo(this.#counts.factsOf(lane));
    const key = JSON.stringify(facts);
    if (this.#written.get(lane) === key) return;
    const nowMs = this.#run.ports.clock.now();
    const file = {
      ...workerStatusFile(facts, { startMs: this.#startMs, nowMs }),
      estimated_completion: this.#expectedEnd(facts, nowMs),
    };
    await this.#run.session.publish(`worker_${lane}_status.json`, [`${JSON.stringify(file, null, 2)}\n`]);
    this.#written.set(lane, key);
  }

  #endedIfSo(facts: LaneShare): LaneShare {
    if (!this.#hasEnded || facts.status === 'failed') return facts;
    return { ...facts, status: 'stopped', currentBatch: null };
  }

  /** By the pace of this session alone; null while there is none, and when no more will be done. */
  #expectedEnd(facts: LaneShare, nowMs: number): string | null {
    const done = this.#counts.completedSince(facts.lane);
    const left = facts.totalBatches - facts.completedBatches;
    if (left === 0) return new Date(nowMs).toISOString();
    if (done === 0 || facts.status === 'stopped' || facts.status === 'failed') return null;
    return new Date(nowMs + (left * (nowMs - this.#startMs)) / done).toISOString();
  }
}
