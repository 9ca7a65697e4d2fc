import type { Affine } from './mapping.ts';
import { cellSide, type Layer, sample, unitsPerLevel, wholeSample } from './picture.ts';

/** A cell with so many samples counts in full. */
const manySamples = 8;
/** The square of how far brightness may differ in one place beside what is the same everywhere, in units. */
const usualDifference = 4 * unitsPerLevel * unitsPerLevel;

/** What other's brightness is multiplied with, and what is then added. */
export interface Brightness {
  readonly gain: number;
  readonly offset: number;
}

/** How another crop differs around the hole, spread over the hole. */
export class Differences {
  /** At the place that it was moved to: mean difference in units, and mean square of what is left then. */
  difference = 0;
  error = 0;
  readonly #width: number;
  readonly #height: number;
  readonly #means: Float32Array;
  readonly #errors: Float32Array;
  readonly #stepX: number;
  readonly #stepY: number;

  constructor(layer: Layer, other: Layer, motion: Affine, { gain, offset }: Brightness) {
    const { samples, width, height, scale, across, down, hole } = layer;
    this.#stepX = across / cellSide;
    this.#stepY = down / cellSide;
    const columns = Math.ceil(width * this.#stepX);
    const rows = Math.ceil(height * this.#stepY);
    const [counts, sums, squares] = [0, 1, 2].map(() => new Float32Array(columns * rows)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const isWhole = isWholeShift(motion);
    for (let n = 0; n < hole.band.length; n++) {
      const at = hole.band[n] ?? 0;
      const y = Math.floor(at / width);
      const x = at - y * width;
      const seenX = motion.x0 + motion.xx * x + motion.xy * y;
      const seenY = motion.y0 + motion.yx * x + motion.yy * y;
      const seen = isWhole ? wholeSample(other, seenX, seenY) : sample(other, seenX, seenY);
      if (seen < 0) continue;
      const off = gain * seen + offset - scale * (samples[at] ?? 0);
      const cell = Math.floor(y * this.#stepY) * columns + Math.floor(x * this.#stepX);
      counts[cell] = (counts[cell] ?? 0) + 1;
      sums[cell] = (sums[cell] ?? 0) + off;
      squares[cell] = (squares[cell] ?? 0) + off * off;
    }
    for (let cell = 0; cell < counts.length; cell++) {
      const count = counts[cell] ?? 0;
      if (count === 0) continue;
      const mean = (sums[cell] ?? 0) / count;
      const error = Math.max(0, (squares[cell] ?? 0) / count - mean * mean);
      squares[cell] = error;
      sums[cell] = (mean * usualDifference) / (usualDifference + error / count);
      counts[cell] = Math.min(1, count / manySamples);
    }
    this.#means = spread(sums, counts, columns, rows);
    this.#errors = spread(squares, counts, columns, rows);
    this.#width = columns;
    this.#height = rows;
  }

  /** @param x - In samples of the layer. */
  moveTo(x: number, y: number): void {
    const column = Math.max(0, Math.min(this.#width - 1, (x + 0.5) * this.#stepX - 0.5));
    const row = Math.max(0, Math.min(this.#height - 1, (y + 0.5) * this.#stepY - 0.5));
    const left = Math.min(Math.floor(column), Math.max(0, this.#width - 2));
    const top = Math.min(Math.floor(row), Math.max(0, this.#height - 2));
    const u = column - left;
    const v = row - top;
    const at = top * this.#width + left;
    const right = this.#width > 1 ? 1 : 0;
    const below = this.#height > 1 ? this.#width : 0;
    this.difference = between(this.#means, at, right, below, u, v);
    this.error = between(this.#errors, at, right, below, u, v);
  }
}

function between(all: Float32Array, at: number, right: number, below: number, u: number, v: number): number {
  const a = all[at] ?? 0;
  const c = all[at + below] ?? 0;
  const upper = a + u * ((all[at + right] ?? 0) - a);
  return upper + v * (c + u * ((all[at + right + below] ?? 0) - c) - upper);
}

export function isWholeShift({ x0, xx, xy, y0, yx, yy }: Affine): boolean {
  return xx === 1 && yy === 1 && xy === 0 && yx === 0 && Number.isInteger(x0) && Number.isInteger(y0);
}

/** Values where weights are small come from those around them, from ever coarser grids (pull-push, Gortler et al. 1996). */
function spread(values: Float32Array, weights: Float32Array, width: number, height: number): Float32Array {
  if (width <= 1 && height <= 1) return values;
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const sums = new Float32Array(halfWidth * halfHeight);
  const own = new Float32Array(halfWidth * halfHeight);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y >> 1) * halfWidth + (x >> 1);
      const weight = weights[y * width + x] ?? 0;
      own[to] = (own[to] ?? 0) + weight;
      sums[to] = (sums[to] ?? 0) + weight * (values[y * width + x] ?? 0);
    }
  }
  for (let at = 0; at < own.length; at++) {
    const weight = own[at] ?? 0;
    sums[at] = weight > 0 ? (sums[at] ?? 0) / weight : 0;
    own[at] = Math.min(1, weight);
  }
  const coarse = spread(sums, own, halfWidth, halfHeight);
  const result = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const nearX = x >> 1;
      const nearY = y >> 1;
      const farX = Math.max(0, Math.min(halfWidth - 1, nearX + ((x & 1) === 1 ? 1 : -1)));
      const farY = Math.max(0, Math.min(halfHeight - 1, nearY + ((y & 1) === 1 ? 1 : -1)));
      const row = nearY * halfWidth;
      const farRow = farY * halfWidth;
      const guess =
        (9 * (coarse[row + nearX] ?? 0) +
          3 * ((coarse[row + farX] ?? 0) + (coarse[farRow + nearX] ?? 0)) +
          (coarse[farRow + farX] ?? 0)) /
        16;
      const weight = weights[y * width + x] ?? 0;
      result[y * width + x] = weight * (values[y * width + x] ?? 0) + (1 - weight) * guess;
    }
  }
  return result;
}
