import { open } from 'node:fs/promises';
import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';
import { type RetoucherSpec, type RetouchTask, retouchTaskSchema } from '../../protocol/retouch.ts';
import type { Clip, SegmentTask } from '../../protocol/segment.ts';
import type { FrameJob, SegmentStage, SegmentStages } from '../segments/segment-stage.ts';
import type { CropEngine } from './crop-engine.ts';
import { padFrame } from './pad-frame.ts';
import { type MaskReader, SegmentRegions } from './segment-regions.ts';

/** Processes regions of frames: crops of them go through an engine, and back into the frames. */
export class RetouchStages implements SegmentStages {
  readonly #spec: RetoucherSpec;
  readonly #engine: CropEngine;
  readonly #objectPathOf: (sha256: string) => string;
  /** Batches of the jobs under way. */
  readonly #batches = new Map<FrameJob, number>();

  /** @param objectPathOf - Where an object of this content hash lies. */
  constructor(spec: RetoucherSpec, engine: CropEngine, objectPathOf: (sha256: string) => string) {
    this.#spec = spec;
    this.#engine = engine;
    this.#objectPathOf = objectPathOf;
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
    const textOf = await this.#masksOf(retouch);
    const regions = new SegmentRegions(retouch, from, { spec: this.#spec, engine: this.#engine, textOf });
    try {
      return await work({
        ...{ from, to, processes: 1, callFrames: 1, lookaheadFrames: this.#engine.lookaheadFrames },
        isInPlace: frameBytes(from) === frameBytes(to),
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

  /** Reads the masks of a segment. */
  async #masksOf({ masks, regions }: RetouchTask): Promise<MaskReader> {
    const texts = new Map<number, string>();
    if (masks !== null) {
      await using file = await open(this.#objectPathOf(masks));
      for (const { at, bytes } of regions.flatMap((region) => region.masks ?? [])) {
        if (texts.has(at)) continue;
        const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
        texts.set(at, buffer.toString('latin1', 0, bytesRead));
      }
    }
    return ({ at }) => texts.get(at) ?? '';
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
