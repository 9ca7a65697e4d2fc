import type { SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import { SegmentMaker, type SegmentMakerDeps } from '../segments/segment-maker.ts';
import type { SegmentStages } from '../segments/segment-stage.ts';
import { ClipPools } from './clip-pools.ts';
import type { LanePool } from './lane-pool.ts';
import type { UpscaleEngine } from './upscale-engine.ts';

/** Makes segments of larger frames, in lanes of one engine. */
export class SegmentUpscaler extends SegmentMaker {
  readonly #spec: UpscalerSpec;
  readonly #engine: UpscaleEngine;

  constructor(spec: UpscalerSpec, engine: UpscaleEngine, deps: SegmentMakerDeps) {
    super(spec, new LaneStages(spec, engine, deps), deps);
    this.#spec = spec;
    this.#engine = engine;
  }

  /** The engine, where it has a model and has started. */
  get model(): UpscaleEngine | null {
    return this.isStarted && this.#spec.model !== null ? this.#engine : null;
  }
}

class LaneStages implements SegmentStages {
  readonly #engine: UpscaleEngine;
  readonly #pools: ClipPools;

  constructor(spec: UpscalerSpec, engine: UpscaleEngine, { log }: Pick<SegmentMakerDeps, 'log'>) {
    this.#engine = engine;
    this.#pools = new ClipPools({ spec, engine, log });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#engine.start(signal);
  }

  using<T>({ clip }: SegmentTask, signal: AbortSignal, work: (pool: LanePool) => Promise<T>): Promise<T> {
    return this.#pools.using(clip, signal, work);
  }

  activity(lane: number) {
    return this.#pools.latest?.activity(lane) ?? null;
  }

  close(): Promise<void> {
    return this.#pools.close();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }
}
