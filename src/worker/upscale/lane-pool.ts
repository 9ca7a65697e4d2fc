import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { type LaneJob, LaneRunner, LaneSizes } from './lane-runner.ts';
import type { LaneRequest, LaneSize, UpscaleEngine } from './upscale-engine.ts';

interface LanePoolOptions {
  readonly engine: UpscaleEngine;
  readonly request: Omit<LaneRequest, 'size' | 'lane' | 'lanes'>;
  readonly size: LaneSize;
  /** Lanes as they are counted: batch b goes to lane b mod `lanes` … */
  readonly lanes: number;
  /** … and lane n to process n mod `processes`. */
  readonly processes: number;
  log(line: string): void;
}

interface LaneActivity {
  readonly status: 'loading' | 'idle' | 'processing' | 'stopped' | 'failed';
  /** The batch it works on; null when it works on none. */
  readonly batch: number | null;
}

/** The engine processes for frames of one format. They live from the first segment to the last. */
export class LanePool {
  readonly from: FrameFormat;
  readonly to: FrameFormat;
  readonly processes: number;
  /** How many frames are best given to a lane at once, at most a batch. */
  readonly callFrames: number;
  readonly callsAtOnce: number;
  readonly isResampling: boolean;
  readonly #lanes: number;
  readonly #sizes: LaneSizes;
  readonly #runners: readonly LaneRunner[];

  constructor({ engine, request, size, lanes, processes, log }: LanePoolOptions) {
    const { from, to } = request;
    this.from = from;
    this.to = to;
    this.processes = processes;
    this.callFrames = engine.callFrames(from, to, size.batchSize);
    this.callsAtOnce = engine.callsAtOnce ?? 1;
    this.isResampling = engine.isResampling ?? false;
    this.#lanes = lanes;
    const longerSide = Math.max(from.width, from.height);
    const sizes = new LaneSizes(size, { longerSide, minTile: engine.minTile });
    this.#sizes = sizes;
    this.#runners = Array.from({ length: processes }, (_, lane) => {
      return new LaneRunner({ engine, request: { ...request, lane, lanes: processes }, sizes, log });
    });
  }

  /** What the lanes take at once by now; the tile is the engine's own where it chose another. */
  get size(): LaneSize {
    const usedTile = this.#runners.find((runner) => runner.usedTile !== null)?.usedTile;
    return { batchSize: this.#sizes.current.batchSize, tile: usedTile ?? this.#sizes.current.tile };
  }

  /** The upscaled frames of a batch, or of a part of it. Rejects as `LaneRunner.run`. */
  async run(job: LaneJob): Promise<Uint8Array[]> {
    const runner = this.#runnerOf(job.batch % this.#lanes);
    if (!runner) throw new RangeError('a pool has at least one process');
    return await runner.run(job);
  }

  activity(lane: number): LaneActivity {
    const runner = this.#runnerOf(lane);
    const { state = 'idle', batch = null } = runner ?? {};
    if (state === 'stopped') return { status: state, batch: null };
    if (batch !== null && batch % this.#lanes === lane) return { status: state, batch };
    return { status: state === 'processing' ? 'idle' : state, batch: null };
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.close()));
  }

  #runnerOf(lane: number): LaneRunner | undefined {
    return this.#runners[lane % this.processes];
  }
}
