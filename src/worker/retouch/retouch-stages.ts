import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Size } from '../../core/hints/display-size.ts';
import { CropMerger, type CropOptions, planCrop } from '../../core/regions/crop.ts';
import { type RetoucherSpec, type RetouchTask, retouchTaskSchema } from '../../protocol/retouch.ts';
import type { Clip, SegmentTask } from '../../protocol/segment.ts';
import type { FrameJob, SegmentStage, SegmentStages } from '../segments/segment-stage.ts';
import { padFrame } from './pad-frame.ts';
import { plainEngines } from './plain-engines.ts';

/** Processes regions of frames in this process: engines without a model take less time than their frames' way through pipes. */
export class RetouchStages implements SegmentStages {
  readonly #spec: RetoucherSpec;
  #batch: number | null = null;

  constructor(spec: RetoucherSpec) {
    this.#spec = spec;
  }

  async start(): Promise<void> {}

  async using<T>(
    task: SegmentTask,
    signal: AbortSignal,
    work: (stage: SegmentStage) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const stage = new RetouchStage(this.#spec, retouchTaskSchema.parse(task));
    return await work({
      ...stage.formats,
      processes: 1,
      callFrames: 1,
      size: { batchSize: this.#spec.batch_size, tile: 0 },
      run: async (job) => {
        this.#batch = job.batch;
        try {
          return stage.run(job);
        } finally {
          this.#batch = null;
        }
      },
    });
  }

  activity() {
    return { status: this.#batch === null ? 'idle' : 'processing', batch: this.#batch } as const;
  }

  async close(): Promise<void> {}

  async stop(): Promise<void> {}
}

/** The regions of one segment, ready to be processed. */
class RetouchStage {
  readonly formats: Pick<SegmentStage, 'from' | 'to'>;
  readonly #spec: RetoucherSpec;
  readonly #regions: readonly {
    readonly first: number;
    readonly end: number;
    readonly merger: CropMerger;
  }[];
  readonly #isFullRange: boolean;

  constructor(spec: RetoucherSpec, { clip, regions }: RetouchTask) {
    const from = formatOf(clip.frame);
    this.formats = { from, to: formatOf(clip.target) };
    this.#spec = spec;
    this.#isFullRange = clip.color.range === 'pc';
    // Boxes that come again share what was computed of them.
    const mergers = new Map<string, CropMerger>();
    this.#regions = regions.map(({ first_unique: first, unique_frames: count, box }) => {
      const key = JSON.stringify(box);
      const merger = mergers.get(key) ?? new CropMerger(planCrop(box, from, cropOptions(box, spec)), from);
      mergers.set(key, merger);
      return { first, end: first + count, merger };
    });
  }

  run({ frames, firstUnique }: FrameJob): Uint8Array[] {
    return frames.map((frame, at) => {
      for (const { first, end, merger } of this.#regions) {
        if (firstUnique + at >= first && firstUnique + at < end) this.#process(frame, merger);
      }
      return padFrame(frame, this.formats.from, this.formats.to);
    });
  }

  #process(frame: Uint8Array, merger: CropMerger): void {
    const { mask, crop } = merger.plan;
    const samples = merger.cut(frame);
    const { kind } = this.#spec;
    plainEngines[kind].process(
      {
        samples,
        format: merger.cropFormat,
        isFullRange: this.#isFullRange,
        mask: { ...mask, x: mask.x - crop.x, y: mask.y - crop.y },
      },
      this.#spec,
    );
    merger.merge(frame, samples);
  }
}

function cropOptions(box: Size, spec: RetoucherSpec): CropOptions {
  const { dilate_px: dilatePx, feather_px: featherPx } = spec;
  const mask = { width: box.width + 2 * dilatePx, height: box.height + 2 * dilatePx };
  return { dilatePx, featherPx, marginPx: featherPx + plainEngines[spec.kind].reachPx(mask, spec) };
}

function formatOf({ width, height, pixel_format: pixelFormat }: Clip['frame']): FrameFormat {
  return { width, height, pixelFormat };
}
