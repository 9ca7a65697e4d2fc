import { setTimeout as delay } from 'node:timers/promises';
import { unlessAborted } from '../../async/abort.ts';
import { within } from '../../async/deadline.ts';
import type { FrameJob } from '../segments/segment-stage.ts';
import { asEngineError, EngineError } from '../tasks/engine-error.ts';
import {
  type Lane,
  LaneError,
  type LaneRequest,
  type LaneSize,
  type UpscaleEngine,
} from './upscale-engine.ts';

/** Frames of one batch that a lane is to upscale. A call that is under way is left to end: the lane serves others, too. */
export type LaneJob = Omit<FrameJob, 'firstUnique'>;

interface LaneRunnerOptions {
  readonly engine: UpscaleEngine;
  readonly request: Omit<LaneRequest, 'size'>;
  readonly sizes: LaneSizes;
  log(line: string): void;
}

interface Waiting extends LaneJob {
  resolve(frames: Uint8Array[]): void;
  reject(error: unknown): void;
}

interface OpenLane {
  readonly lane: Lane;
  readonly asked: LaneSize;
}

/** Deaths in a row, without a single frame in between, after which no other process is tried. */
const maxDeaths = 3;
/** Before a lane that died is started again, in milliseconds. */
const pauseMs = 100;
/** Reading a large model from a slow disk. */
const startTimeoutMs = 10 * 60_000;

/**
 * Keeps one lane at work, with as many calls under way as its engine takes: started when it is needed, started again when it died or ran out of memory, with its
 * unfinished frames alone done again. Jobs never wait for anything but the lane, so none can block another for ever.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  /** One for each call that is under way. */
  readonly #working = new Set<Promise<void>>();
  #open: OpenLane | null = null;
  #opening: Promise<OpenLane> | null = null;
  /** What ended a lane that several calls were waiting for is judged once. */
  readonly #judged = new WeakSet<LaneError>();
  #deaths = 0;
  state: 'idle' | 'loading' | 'processing' | 'failed' | 'stopped' = 'idle';
  batch: number | null = null;
  /** The tile that the last lane worked with; null before there was one. */
  usedTile: number | null = null;

  constructor(options: LaneRunnerOptions) {
    this.#options = options;
  }

  /**
   * The upscaled frames. @throws EngineError `out-of-memory` when not even one frame in the smallest tiles can be done,
   * `engine-crashed`, `engine-failed`; the signal's reason when it aborts first.
   */
  async run(job: LaneJob): Promise<Uint8Array[]> {
    this.#closing.signal.throwIfAborted();
    // With nothing but aborted jobs the loop would end within this call, and its promise be kept as if it were running.
    job.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
    this.#waiting.push({ ...job, resolve, reject });
    if (this.#working.size < (this.#options.engine.callsAtOnce ?? 1)) {
      const working = this.#work().finally(() => this.#working.delete(working));
      this.#working.add(working);
    }
    return await unlessAborted(promise, job.signal);
  }

  /** Ends the lane, and what it works on with it. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the lane was closed'));
    const open = this.#open;
    await open?.lane.close();
    await Promise.all(this.#working);
    this.state = 'stopped';
  }

  async #work(): Promise<void> {
    for (let job = this.#next(); job !== null; job = this.#next()) {
      this.batch = job.batch;
      try {
        job.resolve(await this.#upscale(job));
        this.#end('idle');
      } catch (error) {
        this.#end(job.signal.aborted ? 'idle' : 'failed');
        job.reject(error);
      }
    }
  }

  /** A call has ended: with no other one the lane is at no batch. */
  #end(state: 'idle' | 'failed'): void {
    if (this.#working.size > 1) return;
    this.state = state;
    this.batch = null;
  }

  #next(): Waiting | null {
    const { signal } = this.#closing;
    this.#waiting = this.#waiting.filter((job) => {
      if (signal.aborted) job.reject(signal.reason);
      return !signal.aborted && !job.signal.aborted;
    });
    const next = this.#waiting.reduce<Waiting | null>(
      (first, job) => (first === null || job.order < first.order ? job : first),
      null,
    );
    if (next) this.#waiting.splice(this.#waiting.indexOf(next), 1);
    return next;
  }

  async #upscale({ frames, signal }: LaneJob): Promise<Uint8Array[]> {
    const done: Uint8Array[] = [];
    while (done.length < frames.length) {
      if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
      signal.throwIfAborted();
      const rest = frames.slice(done.length, done.length + this.#options.sizes.current.batchSize);
      done.push(...(await this.#call(rest)));
    }
    return done;
  }

  /** As many frames as were given, or none when it is to be tried again. */
  async #call(frames: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const asked = this.#options.sizes.current;
    let open: OpenLane | null = null;
    try {
      open = await this.#lane();
      const given = frames.slice(0, open.lane.batchSize);
      this.state = 'processing';
      const upscaled = await this.#withTimeout(open.lane, given);
      if (upscaled.length !== given.length)
        throw new LaneError('failed', 'The engine gave another number of frames.');
      this.#deaths = 0;
      return upscaled;
    } catch (error) {
      // Another call had the same end, and was first.
      const isJudged =
        (open && this.#open !== open) || (error instanceof LaneError && this.#judged.has(error));
      if (error instanceof LaneError) this.#judged.add(error);
      await this.#dropLane(open);
      if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
      if (!(error instanceof LaneError)) throw asEngineError(error, 'video-unreadable');
      if (!isJudged) this.#judge(error, asked, frames.length);
      if (error.reason === 'died') await delay(pauseMs, undefined, { signal: this.#closing.signal });
      return [];
    }
  }

  /** Returns when it is worth another try. */
  #judge(error: LaneError, asked: LaneSize, frames: number): void {
    const { sizes, request, log } = this.#options;
    if (error.reason === 'failed') {
      const { message } = error;
      throw new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
    }
    log(`lane ${request.lane}: ${error.message}`);
    if (error.reason === 'died') {
      this.#deaths += 1;
      // A system that is short of memory kills without a word.
      if (this.#deaths === maxDeaths - 1) sizes.shrink(asked, frames);
      if (this.#deaths < maxDeaths) return;
      this.#deaths = 0;
      const message = `The engine died ${maxDeaths} times in a row: ${error.message}`;
      throw new EngineError({ code: 'engine-crashed', class: 'transient', message, cause: error });
    }
    if (!sizes.shrink(asked, frames)) {
      const { width, height } = request.from;
      const message = `There is not enough memory for one frame of ${width}x${height} in the smallest tiles: ${error.message}`;
      throw new EngineError({ code: 'out-of-memory', class: 'permanent', message, cause: error });
    }
    const { batchSize, tile } = sizes.current;
    log(
      `lane ${request.lane}: continues with ${batchSize} frames at a time${tile > 0 ? ` in tiles of ${tile}` : ''}`,
    );
  }

  /** The lane for the present sizes; calls that come while it starts wait for the same one. */
  async #lane(): Promise<OpenLane> {
    if (this.#open && this.#open.asked.tile !== this.#options.sizes.current.tile)
      await this.#dropLane(this.#open);
    if (this.#open) return this.#open;
    this.#opening ??= this.#start().finally(() => {
      this.#opening = null;
    });
    return await this.#opening;
  }

  async #start(): Promise<OpenLane> {
    const { engine, request, sizes } = this.#options;
    const asked = sizes.current;
    this.state = 'loading';
    const { signal } = this.#closing;
    const starting = engine.startLane({ ...request, size: asked }, signal);
    const lane = await within(
      startTimeoutMs,
      starting,
      () => new LaneError('died', 'It did not start in time.'),
    ).catch((error: unknown) => {
      void starting.then((late) => late.close()).catch(() => undefined);
      throw error;
    });
    if (signal.aborted) {
      await lane.close();
      throw signal.reason;
    }
    this.#open = { lane, asked };
    this.usedTile = lane.tile;
    return this.#open;
  }

  async #withTimeout(lane: Lane, frames: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const { frameTimeoutMs, callsAtOnce = 1 } = this.#options.engine;
    const timeoutMs = frameTimeoutMs * frames.length * callsAtOnce;
    const onLate = () => new LaneError('died', `It did not answer within ${Math.round(timeoutMs / 1000)} s.`);
    return await within(timeoutMs, lane.upscale(frames), onLate);
  }

  /** Closes a lane, unless another call has. */
  async #dropLane(open: OpenLane | null): Promise<void> {
    if (open === null || this.#open !== open) return;
    this.#open = null;
    await open.lane.close();
  }
}

/** Below this a tile is mostly padding. */
const leastTile = 32;

interface LaneSizeBounds extends Pick<UpscaleEngine, 'minTile'> {
  /** Longer side of the frames, in pixels. */
  readonly longerSide: number;
}

/** How much the lanes take at once. It only ever gets smaller, for all lanes together: they share one memory. */
export class LaneSizes {
  current: LaneSize;
  readonly #bounds: LaneSizeBounds;

  constructor(first: LaneSize, bounds: LaneSizeBounds) {
    this.current = first;
    this.#bounds = bounds;
  }

  /**
   * Memory ran out: halves the batch, and when that was a single frame the tile.
   *
   * @param failed - What the lane worked with; when that is larger than what holds now, another lane was first.
   * @param frames - How many frames it was given.
   * @returns whether it is worth another try.
   */
  shrink(failed: LaneSize, frames: number): boolean {
    if (failed.tile !== this.current.tile || frames > this.current.batchSize) return true;
    if (frames > 1) {
      this.current = { ...this.current, batchSize: Math.floor(frames / 2) };
      return true;
    }
    const tile = this.#smallerTile();
    if (tile === null) return false;
    this.current = { batchSize: 1, tile };
    return true;
  }

  #smallerTile(): number | null {
    const { minTile, longerSide } = this.#bounds;
    if (minTile === null) return null;
    const least = Math.max(leastTile, minTile);
    const { tile } = this.current;
    const present = tile === 0 ? longerSide : Math.min(tile, longerSide);
    return present <= least ? null : Math.max(least, Math.ceil(present / 2));
  }
}
