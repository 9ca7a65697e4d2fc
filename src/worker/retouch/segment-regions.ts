import { AsyncQueue } from '../../async/queues.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { CropMerger, planCrop } from '../../core/regions/crop.ts';
import type { Box } from '../../core/regions/place-region.ts';
import type { RetoucherSpec, RetouchTask } from '../../protocol/retouch.ts';
import { ownFrames } from '../../protocol/segment.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { CropEngine, CropFrame } from './crop-engine.ts';

/** A region of a segment; frames are numbered among the unique ones of its task. */
interface PlacedRegion {
  /** Its place among the segment's: where regions overlap, the last one is on top. */
  readonly order: number;
  readonly box: Box;
  /** It is processed from this frame to the one before `end` … */
  readonly first: number;
  readonly end: number;
  /** … and the engine sees it from here to there. */
  readonly from: number;
  readonly to: number;
}

/** A region while its frames come. */
interface OpenRegion extends PlacedRegion {
  readonly merger: CropMerger;
  /** Its crops on their way through the engine; null where none of its frames is the segment's own. */
  readonly crops: { readonly given: AsyncQueue<CropFrame>; readonly made: AsyncIterator<Uint8Array> } | null;
  /** The mask of the frame before, and of which regions it is. */
  mask: Uint8Array | null;
  maskOf: readonly OpenRegion[];
}

/** Of a pixel that is to be processed. */
const masked = 255;

/** Cuts the regions of one segment's frames out, has them processed, and merges them back. Frames come in order. */
export class SegmentRegions {
  readonly #frame: FrameFormat;
  readonly #color: RetouchTask['clip']['color'];
  readonly #own: { readonly first: number; readonly end: number };
  readonly #spec: RetoucherSpec;
  readonly #engine: CropEngine;
  /** Those to come, the last one first. */
  readonly #waiting: PlacedRegion[];
  /** In their order. */
  #open: OpenRegion[] = [];

  constructor(task: RetouchTask, frame: FrameFormat, spec: RetoucherSpec, engine: CropEngine) {
    this.#frame = frame;
    this.#color = task.clip.color;
    this.#own = ownFrames(task);
    this.#spec = spec;
    this.#engine = engine;
    const { radiusFrames: radius } = engine;
    this.#waiting = task.regions
      .map(({ first_unique: first, unique_frames: count, box }, order) => {
        const end = first + count;
        const [from, to] = [Math.max(0, first - radius), Math.min(task.repeats.length, end + radius)];
        return { order, box, first, end, from, to };
      })
      .sort((one, other) => other.from - one.from);
  }

  /** The frame with its regions processed. Changes it. */
  async process(frame: Uint8Array, unique: number, signal: AbortSignal): Promise<Uint8Array> {
    this.#openUpTo(unique, signal);
    const active = this.#open.filter((region) => isIn(region, unique));
    // All are cut before the first one is merged: each sees the frame as it came.
    const made = this.#open.map(async (region) => ({
      region,
      result: await this.#processed(region, frame, unique, active),
    }));
    this.#open = this.#open.filter(({ to }) => to > unique + 1);
    for (const { region, result } of await Promise.all(made)) {
      if (result && isIn(region, unique)) region.merger.merge(frame, result);
    }
    return frame;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    const open = this.#open.splice(0);
    for (const { crops } of open) crops?.given.end();
    // One that failed has said so already.
    await Promise.allSettled(open.map(async ({ crops }) => await crops?.made.return?.()));
  }

  #openUpTo(unique: number, signal: AbortSignal): void {
    let isMore = false;
    for (let next = this.#waiting.at(-1); next && next.from <= unique; next = this.#waiting.at(-1)) {
      this.#waiting.pop();
      this.#open.push(this.#opened(next, signal));
      isMore = true;
    }
    if (isMore) this.#open.sort((one, other) => one.order - other.order);
  }

  #opened(region: PlacedRegion, signal: AbortSignal): OpenRegion {
    const merger = this.#mergerOf(region.box);
    const common = { ...region, merger, mask: null, maskOf: [] };
    if (region.first >= this.#own.end || region.end <= this.#own.first) return { ...common, crops: null };
    const { mask: box, crop } = merger.plan;
    const given = new AsyncQueue<CropFrame>();
    const run = {
      ...{ format: merger.cropFormat, color: this.#color, frames: region.to - region.from },
      box: { ...box, x: box.x - crop.x, y: box.y - crop.y },
    };
    const made = this.#engine.process(run, given, signal)[Symbol.asyncIterator]();
    return { ...common, crops: { given, made } };
  }

  /** What the engine makes of the region's crop of a frame; null where it makes nothing of the region. */
  async #processed(
    region: OpenRegion,
    frame: Uint8Array,
    unique: number,
    active: readonly OpenRegion[],
  ): Promise<Uint8Array | null> {
    const { crops, merger, to } = region;
    if (crops === null) return null;
    const isOwnFrame = unique >= this.#own.first && unique < this.#own.end;
    crops.given.push({
      samples: merger.cut(frame),
      mask: maskFor(region, active),
      isWanted: isOwnFrame && isIn(region, unique),
    });
    const isLast = unique === to - 1;
    if (isLast) crops.given.end();
    const [result, rest] = await Promise.all([crops.made.next(), isLast ? crops.made.next() : null]);
    if (result.done || (rest && !rest.done)) throw wrongCount(result.done ? 'fewer' : 'more');
    return result.value;
  }

  #mergerOf(box: Box): CropMerger {
    const { dilate_px: dilatePx, feather_px: featherPx } = this.#spec;
    const mask = { width: box.width + 2 * dilatePx, height: box.height + 2 * dilatePx };
    const marginPx = featherPx + this.#engine.reachPx(mask);
    return new CropMerger(planCrop(box, this.#frame, { dilatePx, featherPx, marginPx }), this.#frame);
  }
}

function isIn({ first, end }: PlacedRegion, unique: number): boolean {
  return unique >= first && unique < end;
}

/** Which pixels of a region's crop are to be processed, with those of all regions of the frame; null: none. */
function maskFor(region: OpenRegion, active: readonly OpenRegion[]): Uint8Array | null {
  const isSame =
    active.length === region.maskOf.length && active.every((each, at) => each === region.maskOf[at]);
  if (isSame) return region.mask;
  const { crop } = region.merger.plan;
  let mask: Uint8Array | null = null;
  for (const { merger } of active) {
    const { x, y, width, height } = merger.plan.mask;
    const [left, right] = [Math.max(0, x - crop.x), Math.min(crop.width, x + width - crop.x)];
    if (left >= right) continue;
    for (let row = Math.max(0, y - crop.y); row < Math.min(crop.height, y + height - crop.y); row++) {
      mask ??= new Uint8Array(crop.width * crop.height);
      mask.fill(masked, row * crop.width + left, row * crop.width + right);
    }
  }
  region.maskOf = active;
  region.mask = mask;
  return mask;
}

function wrongCount(found: string): EngineError {
  return new EngineError({
    ...{ code: 'engine-failed', class: 'permanent' },
    message: `The engine gave back ${found} crops than it was given.`,
  });
}
