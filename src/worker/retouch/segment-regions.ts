import { AsyncQueue } from '../../async/queues.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { CropMerger, type CropWeights, masked, planCrop } from '../../core/regions/crop.ts';
import { maskOfText } from '../../core/regions/mask-tracker.ts';
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
  /** Masks by the first frame that has each, in order; null: the whole box. */
  readonly masks: readonly { readonly from: number; readonly mask: TaskMask }[] | null;
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
  /** The weights of the frame before, and of which mask they are. */
  weights: { readonly of: TaskMask | null; readonly values: CropWeights } | null;
  /** The mask of the frame before, and of which weights it is. */
  mask: { readonly of: readonly CropWeights[]; readonly values: Uint8Array | null } | null;
}

type TaskRegion = RetouchTask['regions'][number];
type TaskMask = NonNullable<TaskRegion['masks']>[number];

/** The text of a mask, by {@link maskOfText}. */
export type MaskReader = (mask: TaskMask) => string;

interface ActiveRegion {
  readonly region: OpenRegion;
  readonly weights: CropWeights;
}

/** Cuts the regions of one segment's frames out, has them processed, and merges them back. Frames come in order. */
export class SegmentRegions {
  readonly #frame: FrameFormat;
  readonly #color: RetouchTask['clip']['color'];
  readonly #own: { readonly first: number; readonly end: number };
  readonly #spec: RetoucherSpec;
  readonly #engine: CropEngine;
  readonly #textOf: MaskReader;
  /** Those to come, the last one first. */
  readonly #waiting: PlacedRegion[];
  /** In their order. */
  #open: OpenRegion[] = [];
  /** What a frame was before anything was merged into it; of one frame at a time. */
  #source: Uint8Array | null = null;

  constructor(
    task: RetouchTask,
    frame: FrameFormat,
    {
      spec,
      engine,
      textOf,
    }: { readonly spec: RetoucherSpec; readonly engine: CropEngine; readonly textOf: MaskReader },
  ) {
    this.#frame = frame;
    this.#color = task.clip.color;
    this.#own = ownFrames(task);
    this.#spec = spec;
    this.#engine = engine;
    this.#textOf = textOf;
    const { radiusFrames: radius } = engine;
    this.#waiting = task.regions
      .map((region, order) => {
        const { first_unique: first, unique_frames: count, box } = region;
        const end = first + count;
        const [from, to] = [Math.max(0, first - radius), Math.min(task.repeats.length, end + radius)];
        return { order, box, masks: masksOf(region), first, end, from, to };
      })
      .sort((one, other) => other.from - one.from);
  }

  /** The frame with its regions processed. Changes it. */
  async process(frame: Uint8Array, unique: number, signal: AbortSignal): Promise<Uint8Array> {
    this.#openUpTo(unique, signal);
    const active = this.#open
      .filter((region) => isIn(region, unique))
      .map((region) => ({ region, weights: this.#weightsOf(region, unique) }));
    // All are cut before the first one is merged: each sees the frame as it came.
    const made = this.#open.map(async (region) => ({
      region,
      result: await this.#processed(region, frame, unique, active),
    }));
    this.#open = this.#open.filter(({ to }) => to > unique + 1);
    const results = new Map((await Promise.all(made)).map(({ region, result }) => [region, result]));
    if (active.length === 0) return frame;
    // Nothing waits from here on, so that no other frame comes in between.
    this.#source ??= new Uint8Array(frame.length);
    const source = this.#source;
    source.set(frame);
    for (const { region, weights } of active) {
      const result = results.get(region);
      if (result) region.merger.merge(frame, result, weights);
    }
    assertKeptOutside(frame, source, active);
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
    const common = { ...region, merger, weights: null, mask: null };
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
    active: readonly ActiveRegion[],
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

  /** How much of the region's processed crop goes into a frame. */
  #weightsOf(region: OpenRegion, unique: number): CropWeights {
    if (region.masks === null) return region.merger.boxWeights;
    const mask = region.masks.findLast(({ from }) => from <= unique)?.mask ?? null;
    if (region.weights === null || region.weights.of !== mask) {
      const pixels = maskOfText(mask ? this.#textOf(mask) : '', region.box);
      region.weights = { of: mask, values: region.merger.maskWeights(pixels, region.box) };
    }
    return region.weights.values;
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

function masksOf({ first_unique: first, masks }: TaskRegion): PlacedRegion['masks'] {
  if (!masks) return null;
  let from = first;
  return masks.map((mask) => {
    const placed = { from, mask };
    from += mask.unique_frames;
    return placed;
  });
}

/** Which pixels of a region's crop are to be processed, with those of all regions of the frame; null: none. */
function maskFor(region: OpenRegion, active: readonly ActiveRegion[]): Uint8Array | null {
  const of = active.map(({ weights }) => weights);
  const known = region.mask;
  if (known && of.length === known.of.length && of.every((each, at) => each === known.of[at]))
    return known.values;
  const { crop } = region.merger.plan;
  let values: Uint8Array | null = null;
  for (const { region: other, weights } of active) {
    const from = other.merger.plan.crop;
    const [left, right] = [Math.max(crop.x, from.x), Math.min(crop.x + crop.width, from.x + from.width)];
    const bottom = Math.min(crop.y + crop.height, from.y + from.height);
    for (let row = Math.max(crop.y, from.y); row < bottom && left < right; row++) {
      const own = (row - crop.y) * crop.width - crop.x;
      const others = (row - from.y) * from.width - from.x;
      for (let x = left; x < right; x++) {
        if ((weights.mask[others + x] ?? 0) === 0) continue;
        values ??= new Uint8Array(crop.width * crop.height);
        values[own + x] = masked;
      }
    }
  }
  region.mask = { of, values };
  return values;
}

/** Outside of all regions a frame is still its source: what else is there is a mistake of this program. */
function assertKeptOutside(frame: Uint8Array, source: Uint8Array, active: readonly ActiveRegion[]): void {
  for (const { region, weights } of active) region.merger.copyChangeable(frame, source, weights);
  if (Buffer.compare(frame, source) === 0) return;
  throw new EngineError({
    ...{ code: 'engine-failed', class: 'permanent' },
    message: 'Pixels outside the regions changed: the result is not used.',
  });
}

function wrongCount(found: string): EngineError {
  return new EngineError({
    ...{ code: 'engine-failed', class: 'permanent' },
    message: `The engine gave back ${found} crops than it was given.`,
  });
}
