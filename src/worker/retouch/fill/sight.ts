import type { FrameFormat } from '../../../core/frames/frame-format.ts';
import { compare, type Marks, type Match, marksOf, refine, typicalOf } from './find-marks.ts';
import { type Affine, compose, identity, inverse, type Mapping, still } from './mapping.ts';
import { type Hole, type Layer, layersOf, pyramidOf, type SmallPicture } from './picture.ts';
import { searchShift } from './search-shift.ts';

/** Samples of an eighth of the size by which a picture may move from one frame to the next … */
const coarseReach = 8;
/** … and those of half the size where it has no large shapes. */
const nearReach = 2;

/** What is known of one crop: its planes, and the pictures by which it is found in others. */
export class Sight {
  readonly layers: readonly Layer[];
  readonly #pyramid: readonly SmallPicture[];
  readonly #marks: Marks;
  #next: { readonly to: Sight; readonly mapping: Mapping | null } | null = null;

  constructor(samples: Uint8Array, format: FrameFormat, holes: readonly Hole[]) {
    this.layers = layersOf(samples, format, holes);
    const [luma] = this.layers;
    this.#pyramid = luma ? pyramidOf(luma, 3) : [];
    this.#marks = marksOf(this.#half);
  }

  get #half(): SmallPicture {
    return this.#pyramid[0] ?? { width: 0, height: 0, values: new Int16Array(0) };
  }

  /** How this is seen in the frame after it, in samples of half the size; null: something else is seen there. */
  mappingToNext(next: Sight): Mapping | null {
    if (this.#next?.to !== next) this.#next = { to: next, mapping: this.#search(next) };
    return this.#next.mapping;
  }

  #search(next: Sight): Mapping | null {
    let shift = { x: 0, y: 0 };
    for (let level = this.#pyramid.length - 1; level >= 0; level--) {
      const [from, to] = [this.#pyramid[level], next.#pyramid[level]];
      if (!from || !to) continue;
      const isCoarsest = level === this.#pyramid.length - 1;
      const reach = isCoarsest ? Math.min(coarseReach, Math.min(from.width, from.height) >> 1) : 1;
      const found = searchShift(from, to, { x: 2 * shift.x, y: 2 * shift.y }, reach);
      // What has no large shapes is found by its small ones alone, as long as it moves little.
      const near = isCoarsest ? found : searchShift(from, to, { x: 0, y: 0 }, nearReach);
      shift = near.cost < found.cost ? near : found;
    }
    const start = { ...still, x0: shift.x, y0: shift.y };
    const match = refine(this.#marks, next.#half, { ...identity, motion: start }, 5);
    return match && this.#isGood(match) ? match : null;
  }

  /** Finds this in another one, from where it should be. Null: something else is seen there. */
  findIn(other: Sight, guess: Mapping): Match | null {
    const match = refine(this.#marks, other.#half, guess, 4);
    return match && this.#isGood(match) ? this.#settled(other, match) : null;
  }

  #isGood({ error }: Match): boolean {
    return error < 0.6 * this.#marks.spread + 16;
  }

  /** Whether it fits as well where whole pixels lie on whole pixels: they are then copied as they are. */
  #settled(other: Sight, match: Match): Match {
    const whole = wholeOf(match.motion, this.#half);
    if (!whole) return match;
    const residuals = new Float32Array(this.#marks.count);
    const settled = { ...match, motion: whole };
    compare(this.#marks, other.#half, settled, residuals);
    const error = typicalOf(residuals);
    return error <= match.error * 1.05 + 4 ? { ...settled, error } : match;
  }
}

const nearly = 0.06;

/** The nearest shift by whole pixels, in samples of half the size; null where it is not near everywhere. */
function wholeOf(motion: Affine, { width, height }: SmallPicture): Affine | null {
  const x0 = Math.round(2 * at(motion, width / 2, height / 2).x - width) / 2;
  const y0 = Math.round(2 * at(motion, width / 2, height / 2).y - height) / 2;
  for (const [x, y] of [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const) {
    const seen = at(motion, x, y);
    if (Math.abs(seen.x - x - x0) > nearly || Math.abs(seen.y - y - y0) > nearly) return null;
  }
  return { ...still, x0, y0 };
}

function at({ x0, xx, xy, y0, yx, yy }: Affine, x: number, y: number) {
  return { x: x0 + xx * x + xy * y, y: y0 + yx * x + yy * y };
}

/** A crop beside another one, and where it should be found there. */
export interface Neighbor {
  readonly sight: Sight;
  readonly distance: number;
  /** In samples of half the size. */
  readonly mapping: Mapping;
  /** Something else is seen in between, so that nothing is known of how it moved there. */
  readonly isBeyondCut: boolean;
}

/** The `reach` crops of a row before and after one, nearest first. They are looked for one after the other. */
export function* neighborsOf(row: readonly Sight[], from: number, reach: number): Generator<Neighbor> {
  const sides = [
    { step: 1, mapping: identity, isBeyondCut: false },
    { step: -1, mapping: identity, isBeyondCut: false },
  ];
  for (let distance = 1; distance <= reach; distance++) {
    for (const side of sides) {
      const sight = row[from + side.step * distance];
      const last = row[from + side.step * (distance - 1)];
      if (!sight || !last) continue;
      const mapping = side.step > 0 ? last.mappingToNext(sight) : inverseOf(sight.mappingToNext(last));
      side.mapping = compose(side.mapping, mapping ?? identity);
      side.isBeyondCut ||= mapping === null;
      yield { sight, distance, mapping: side.mapping, isBeyondCut: side.isBeyondCut };
    }
  }
}

function inverseOf(mapping: Mapping | null): Mapping | null {
  return mapping && inverse(mapping);
}
