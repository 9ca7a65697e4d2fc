import { unlessAborted } from '../../async/abort.ts';
import type { Clip, UpscalerSpec } from '../../protocol/segment.ts';
import { LanePool } from './lane-pool.ts';
import { probeLanes } from './probe-lanes.ts';
import { readFormat, type UpscaleEngine } from './upscale-engine.ts';

interface ClipPoolsDeps {
  readonly spec: UpscalerSpec;
  readonly engine: UpscaleEngine;
  log(line: string): void;
}

interface Entry {
  readonly pool: Promise<LanePool>;
  users: number;
}

/** The lanes of each clip; a run has one, so that they live as long as the worker has segments of it. */
export class ClipPools {
  readonly #deps: ClipPoolsDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  readonly #leaving = new Set<Promise<void>>();
  /** The lanes that were used last; null before there were any. */
  latest: LanePool | null = null;

  constructor(deps: ClipPoolsDeps) {
    this.#deps = deps;
  }

  /** Works with the lanes for a clip. Those of another clip are closed when they are not used. */
  async using<T>(clip: Clip, signal: AbortSignal, work: (pool: LanePool) => Promise<T>): Promise<T> {
    this.#closing.signal.throwIfAborted();
    const key = keyOf(clip);
    const entry = this.#entries.get(key) ?? this.#add(key, clip);
    entry.users += 1;
    try {
      for (const other of this.#entries.keys()) if (other !== key) this.#dropIfUnused(other);
      const pool = await unlessAborted(entry.pool, signal);
      this.latest = pool;
      return await work(pool);
    } finally {
      entry.users -= 1;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the upscaler was stopped'));
    for (const entry of this.#entries.values()) this.#leave(entry);
    this.#entries.clear();
    await Promise.all(this.#leaving);
  }

  #add(key: string, clip: Clip): Entry {
    const pool = this.#open(clip);
    const entry = { pool, users: 0 };
    this.#entries.set(key, entry);
    // The next segment tries again.
    pool.catch(() => this.#entries.get(key) === entry && this.#entries.delete(key));
    return entry;
  }

  async #open(clip: Clip): Promise<LanePool> {
    const { spec, engine, log } = this.#deps;
    const from = readFormat(clip.frame);
    const request = { from, to: engine.outputFormat(from, clip), clip };
    const size = { batchSize: spec.batch_size, tile: spec.tile };
    const isProbed = spec.is_lane_count_open && engine.isProbed && spec.lanes > 1;
    const nowMs = () => performance.now();
    const probe = { engine, request: { ...request, size }, maxLanes: spec.lanes, nowMs, log };
    const processes = isProbed ? await probeLanes(probe, this.#closing.signal) : spec.lanes;
    this.#closing.signal.throwIfAborted();
    return new LanePool({ engine, request, size, lanes: spec.lanes, processes, log });
  }

  #dropIfUnused(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.users > 0) return;
    this.#entries.delete(key);
    this.#leave(entry);
  }

  #leave(entry: Entry): void {
    const left = entry.pool
      .then((pool) => pool.close())
      .catch(() => undefined)
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}

/** Lanes depend on how frames look. Segments of one run may come from several files. */
function keyOf({ source: _source, stream: _stream, time_base: _timeBase, ...frames }: Clip): string {
  return JSON.stringify(frames);
}
