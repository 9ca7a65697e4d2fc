import { messageOf } from '../../errors/app-error.ts';
import { isDiskFull } from '../../errors/disk-full.ts';
import type { SegmentFacts, SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import { asEngineError } from '../tasks/engine-error.ts';
import { ClipPools } from './clip-pools.ts';
import { FrameMemory } from './frame-memory.ts';
import type { LanePool } from './lane-pool.ts';
import { LaneProgress } from './lane-progress.ts';
import { SegmentFolder } from './segment-folder.ts';
import { SegmentRun } from './segment-run.ts';
import type { UpscaleEngine } from './upscale-engine.ts';
import type { SegmentRunOptions, Upscaler, UpscalerDeps } from './upscaler.ts';

/** The second segment is decoded, and its encoder started, while the first one ends. */
const segmentsAtOnce = 2;
/** Of all segments together: raw frames that wait for a lane or for their encoder. */
const memoryBytes = 256 * 1024 * 1024;
/** Between looks whether there is room on the disk. */
const diskPauseMs = 5_000;

/** An {@link Upscaler} with the engine that the spec names. */
export function createUpscaler(spec: UpscalerSpec, parts: UpscalerDeps): Upscaler {
  return new SegmentUpscaler(spec, parts);
}

class SegmentUpscaler implements Upscaler {
  readonly taskLimit = segmentsAtOnce;
  readonly #spec: UpscalerSpec;
  readonly #parts: UpscalerDeps;
  readonly #engine: UpscaleEngine;
  readonly #pools: ClipPools;
  readonly #progress: LaneProgress;
  readonly #folder: SegmentFolder;
  readonly #memory = new FrameMemory(memoryBytes, segmentsAtOnce);
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** What segments wait for, by task. */
  readonly #failures = new Map<string, string>();
  #begun = 0;
  #isStarted = false;

  constructor(spec: UpscalerSpec, parts: UpscalerDeps) {
    this.#spec = spec;
    this.#parts = parts;
    this.#engine = parts.createEngine(spec);
    this.#pools = new ClipPools({ spec, engine: this.#engine, log: parts.log });
    this.#progress = new LaneProgress(spec.lanes, spec.batch_size);
    this.#folder = new SegmentFolder(parts.runFolder);
  }

  get waitReason(): string | null {
    const [first] = this.#failures.values();
    return first ?? null;
  }

  get model(): UpscaleEngine | null {
    return this.#isStarted && this.#spec.model !== null ? this.#engine : null;
  }

  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#engine.start(AbortSignal.any([signal, this.#stopping.signal]));
      this.#isStarted = true;
    } catch (error) {
      signal.throwIfAborted();
      throw asEngineError(error, 'video-unreadable');
    }
  }

  expect(task: SegmentTask, isDone: boolean): void {
    if (isDone) this.#progress.finish(task);
    else this.#progress.expect(task);
  }

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
    const pool = this.#pools.latest;
    return Array.from({ length: this.#spec.lanes }, (_, lane) => {
      const { status, batch } = pool?.activity(lane) ?? { status: 'idle', batch: null };
      const { total, completed } = this.#progress.countsOf(lane);
      return { lane, status, total_batches: total, completed_batches: completed, current_batch: batch };
    });
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopping.abort(new Error('the upscaler was stopped'));
    await this.#pools.close();
    await Promise.allSettled(this.#running);
    await this.#engine.stop();
  }

  /** A full disk ends no segment: it is made again until it fits, or until nobody wants it any more. */
  async #untilThereIsRoom(task: SegmentTask, options: SegmentRunOptions): Promise<SegmentFacts> {
    try {
      for (;;) {
        const facts = await this.#make(task, options).catch((error: unknown) =>
          this.#noteFailure(task, error),
        );
        if (facts) return facts;
        await this.#parts.clock.sleep(diskPauseMs, options.signal);
      }
    } finally {
      this.#failures.delete(task.task_key);
    }
  }

  #noteFailure(task: SegmentTask, error: unknown): null {
    if (!isDiskFull(error)) throw error;
    const message = `Segments cannot be written (${messageOf(error)}) They are made again until there is room.`;
    if (this.waitReason === null) this.#parts.log(message);
    this.#failures.set(task.task_key, message);
    return null;
  }

  async #make(task: SegmentTask, options: SegmentRunOptions): Promise<SegmentFacts> {
    this.#progress.begin(task);
    const order = this.#begun;
    this.#begun += 1;
    return await this.#pools.using(task.clip, options.signal, async (pool) => {
      const path = await this.#folder.begin(task.task_key);
      try {
        const stages = await this.#segmentRun(task, pool, {
          path,
          order,
          onProgress: options.onProgress,
        }).run(options.signal);
        const { sha256, sizeBytes } = await this.#folder.publish(path, task.task_key);
        this.#progress.finish(task);
        const { batchSize, tile } = pool.size;
        return {
          sha256,
          size_bytes: sizeBytes,
          frames: task.repeats.reduce((sum, each) => sum + each, 0),
          unique_frames: task.repeats.length,
          width: task.clip.target.width,
          height: task.clip.target.height,
          stages_ms: stages,
          batch_size: batchSize,
          tile,
          lanes: pool.processes,
        };
      } catch (error) {
        await this.#folder.discard(path);
        throw error;
      }
    });
  }

  #segmentRun(
    task: SegmentTask,
    pool: LanePool,
    { path, order, onProgress }: { path: string; order: number } & Pick<SegmentRunOptions, 'onProgress'>,
  ): SegmentRun {
    return new SegmentRun(task, {
      frames: this.#parts.frames,
      pool,
      memory: this.#memory,
      sourcePath: this.#parts.sourcePathOf(task.clip.source),
      targetPath: path,
      encoding: this.#spec.encoding,
      batchSize: this.#spec.batch_size,
      order,
      onProgress,
      onBatchDone: (batch) => this.#progress.batchDone(task.task_key, batch),
    });
  }
}
