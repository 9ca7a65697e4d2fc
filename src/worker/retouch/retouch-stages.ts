import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { type RetoucherSpec, retouchTaskSchema } from '../../protocol/retouch.ts';
import type { Clip, SegmentTask } from '../../protocol/segment.ts';
import type { FrameJob, SegmentStage, SegmentStages } from '../segments/segment-stage.ts';
import type { CropEngine } from './crop-engine.ts';
import { padFrame } from './pad-frame.ts';
import { SegmentRegions } from './segment-regions.ts';

/** Processes regions of frames: crops of them go through an engine, and back into the frames. */
export class RetouchStages implements SegmentStages {
  readonly #spec: RetoucherSpec;
  readonly #engine: CropEngine;
  /** Batches of the jobs under way. */
  readonly #batches = new Map<FrameJob, number>();

  constructor(spec: RetoucherSpec, engine: CropEngine) {
    this.#spec = spec;
    this.#engine = engine;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#engine.start(signal);
  }

  async using<T>(
    task: SegmentTask,
    signal: AbortSignal,
    work: (stage: SegmentStage) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const retouch = retouchTaskSchema.parse(task);
    const [from, to] = [formatOf(task.clip.frame), formatOf(task.clip.target)];
    const regions = new SegmentRegions(retouch, from, this.#spec, this.#engine);
    try {
      return await work({
        ...{ from, to, processes: 1, callFrames: 1, lookaheadFrames: this.#engine.lookaheadFrames },
        size: { batchSize: this.#spec.batch_size, tile: 0 },
        run: async (job) => {
          this.#batches.set(job, job.batch);
          try {
            const frames = job.frames.map((frame, at) =>
              regions.process(frame, job.firstUnique + at, job.signal),
            );
            return (await Promise.all(frames)).map((frame) => padFrame(frame, from, to));
          } finally {
            this.#batches.delete(job);
          }
        },
      });
    } finally {
      await regions.close();
    }
  }

  activity() {
    const [batch] = this.#batches.values();
    return { status: batch === undefined ? 'idle' : 'processing', batch: batch ?? null } as const;
  }

  async close(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#engine.stop();
  }
}

function formatOf({ width, height, pixel_format: pixelFormat }: Clip['frame']): FrameFormat {
  return { width, height, pixelFormat };
}
