import { messageOf } from '../../errors/app-error.ts';
import { isDiskFull } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FrameTool } from '../../ports/frame-tool.ts';
import { type Encoding, ownFrames, type SegmentFacts, type SegmentTask } from '../../protocol/segment.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import { asEngineError } from '../tasks/engine-error.ts';
import { OutputFolder } from '../tasks/output-folder.ts';
import { FrameMemory } from './frame-memory.ts';
import { LaneProgress } from './lane-progress.ts';
import { isOnlyResampled, resample } from './resampled-segment.ts';
import { SegmentRun } from './segment-run.ts';
import type { SegmentStage, SegmentStages } from './segment-stage.ts';

/** What of an engine's settings concerns segments whatever is done to their frames. */
interface SegmentSpec {
  readonly batch_size: number;
  readonly lanes: number;
  readonly encoding: Encoding;
}

export interface SegmentMakerDeps {
  readonly frames: FrameTool;
  objectPathOf(sha256: string): string;
  /** The run folder: finished segments come to lie in its `segments`. */
  readonly runFolder: string;
  readonly clock: Clock;
  log(line: string): void;
}

interface SegmentRunOptions {
  /** Ends everything of the segment; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Frames that the encoder has taken, of those that the segment shows. */
  onProgress(doneFrames: number, totalFrames: number): void;
}

/** The second segment is decoded, and its encoder started, while the first one ends. */
const segmentsAtOnce = 2;
/** Of all segments together: raw frames that wait for a lane or for their encoder. */
const memoryBytes = 256 * 1024 * 1024;
/** Before a segment is made again that the disk had no room for. */
const diskPauseMs = 5_000;

/**
 * Turns segments into files. Failures are `EngineError`s: `permanent` ones will come again (`video-unreadable`,
 * `out-of-memory`), `transient` ones need not, and `fatal` ones come for every segment.
 */
export class SegmentMaker {
  /** So many segments at once that the engine never waits for one's end or another's beginning. */
  readonly taskLimit = segmentsAtOnce;
  readonly #spec: SegmentSpec;
  readonly #stages: SegmentStages;
  readonly #deps: SegmentMakerDeps;
  readonly #progress: LaneProgress;
  readonly #folder: OutputFolder;
  readonly #memory = new FrameMemory(memoryBytes, segmentsAtOnce);
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #waitReasons = new Map<string, string>();
  /** Segments that are made without lanes, and the batch that each is at. */
  readonly #resampled = new Map<string, number>();
  #begun = 0;
  /** Between `start` and `stop`. */
  protected isStarted = false;

  constructor(spec: SegmentSpec, stages: SegmentStages, deps: SegmentMakerDeps) {
    this.#spec = spec;
    this.#stages = stages;
    this.#deps = deps;
    this.#progress = new LaneProgress(spec.lanes, spec.batch_size);
    this.#folder = new OutputFolder(deps.runFolder);
  }

  get waitReason(): string | null {
    const [first] = this.#waitReasons.values();
    return first ?? null;
  }

  /** Finds out whether the engine can work. Called once, before the first segment. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#stages.start(AbortSignal.any([signal, this.#stopping.signal]));
      this.isStarted = true;
    } catch (error) {
      signal.throwIfAborted();
      throw asEngineError(error, 'video-unreadable');
    }
  }

  /** Announces a segment that is to come, or that is done already, for the counts in `laneStatus`. May be repeated. */
  expect(task: SegmentTask, isDone: boolean): void {
    if (isDone) this.#progress.finish(task);
    else this.#progress.expect(task);
  }

  /**
   * Makes `segments/<task_key>.mp4`, by rename; one that is there is made again. May be repeated after any failure.
   * While the disk is full it waits, and `waitReason` says so.
   */
  async run(task: SegmentTask, options: SegmentRunOptions): Promise<SegmentFacts> {
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    signal.throwIfAborted();
    const running = this.#untilThereIsRoom(task, { ...options, signal });
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw signal.aborted ? signal.reason : asEngineError(error, 'video-unreadable');
    } finally {
      this.#running.delete(running);
    }
  }

  laneStatus(): LaneStatus[] {
    return Array.from({ length: this.#spec.lanes }, (_, lane) => {
      const { status, batch } = this.#activityOf(lane);
      const { total, completed } = this.#progress.countsOf(lane);
      return { lane, status, total_batches: total, completed_batches: completed, current_batch: batch };
    });
  }

  /** Ends all segments and engine processes. Safe to call twice. */
  async stop(): Promise<void> {
    this.isStarted = false;
    this.#stopping.abort(new Error('the upscaler was stopped'));
    await this.#stages.close();
    await Promise.allSettled(this.#running);
    await this.#stages.stop();
  }

  #activityOf(lane: number): { readonly status: LaneStatus['status']; readonly batch: number | null } {
    const resampled = [...this.#resampled.values()].find((batch) => batch % this.#spec.lanes === lane);
    if (resampled !== undefined) return { status: 'processing', batch: resampled };
    return this.#stages.activity(lane) ?? { status: 'idle', batch: null };
  }

  /** A full disk ends no segment: it is made again until it fits, or until it is aborted. */
  async #untilThereIsRoom(task: SegmentTask, options: SegmentRunOptions): Promise<SegmentFacts> {
    try {
      for (;;) {
        try {
          return await this.#make(task, options);
        } catch (error) {
          if (!isDiskFull(error)) throw error;
          const reason = `Segments cannot be written (${messageOf(error)}) They are made again until there is room.`;
          if (this.waitReason === null) this.#deps.log(reason);
          this.#waitReasons.set(task.task_key, reason);
        }
        await this.#deps.clock.sleep(diskPauseMs, options.signal);
      }
    } finally {
      this.#waitReasons.delete(task.task_key);
    }
  }

  async #make(task: SegmentTask, { signal, onProgress }: SegmentRunOptions): Promise<SegmentFacts> {
    this.#progress.begin(task);
    const order = this.#begun++;
    return await this.#stages.using(task, signal, async (stage) => {
      const path = await this.#folder.begin(task.task_key);
      try {
        const deps = {
          frames: this.#deps.frames,
          stage,
          memory: this.#memory,
          sourcePath: this.#deps.objectPathOf(task.clip.source),
          targetPath: path,
          encoding: task.encoding ?? this.#spec.encoding,
          batchSize: this.#spec.batch_size,
          order,
          onProgress,
          onBatchDone: (batch: number) => {
            this.#progress.batchDone(task.task_key, batch);
            if (this.#resampled.has(task.task_key)) this.#resampled.set(task.task_key, batch + 1);
          },
        };
        const isResampled = isOnlyResampled(task, stage);
        if (isResampled) this.#resampled.set(task.task_key, task.first_batch);
        const stages = isResampled
          ? await resample(task, deps, signal)
          : await new SegmentRun(task, deps).run(signal);
        const { sha256, sizeBytes } = await this.#folder.publish(path, task.task_key);
        this.#progress.finish(task);
        return factsOf(task, stage, { sha256, size_bytes: sizeBytes, stages_ms: stages });
      } catch (error) {
        await this.#folder.discard(path);
        throw error;
      } finally {
        this.#resampled.delete(task.task_key);
      }
    });
  }
}

function factsOf(
  task: SegmentTask,
  { size, processes }: SegmentStage,
  file: Pick<SegmentFacts, 'sha256' | 'size_bytes' | 'stages_ms'>,
): SegmentFacts {
  const { repeats, clip } = task;
  const { first, end } = ownFrames(task);
  return {
    ...file,
    frames: repeats.slice(first, end).reduce((sum, each) => sum + each, 0),
    unique_frames: end - first,
    width: clip.target.width,
    height: clip.target.height,
    batch_size: size.batchSize,
    tile: size.tile,
    lanes: processes,
  };
}
