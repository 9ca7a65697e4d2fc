import { type Mapping, middleGray } from './mapping.ts';
import type { SmallPicture } from './picture.ts';

/** Distinct points of a picture, by which it is found again in another one. */
export interface Marks {
  readonly count: number;
  /** Places in samples, brightness in units, and how it grows per sample to the right and down. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly value: Float32Array;
  readonly growthX: Float32Array;
  readonly growthY: Float32Array;
  /** How far their brightness is from its median, on average. */
  readonly spread: number;
}

/** In each square of this many samples, the one where brightness changes most is a mark. */
const squareSide = 4;

export function marksOf({ values, width, height }: SmallPicture): Marks {
  const most = Math.ceil(width / squareSide) * Math.ceil(height / squareSide);
  const numbers = () => new Float32Array(most);
  const marks = { x: numbers(), y: numbers(), value: numbers(), growthX: numbers(), growthY: numbers() };
  let count = 0;
  for (let top = 1; top < height - 1; top += squareSide) {
    for (let left = 1; left < width - 1; left += squareSide) {
      let best = -1;
      let bestPlace = 0;
      for (let y = top; y < Math.min(height - 1, top + squareSide); y++) {
        for (let x = left; x < Math.min(width - 1, left + squareSide); x++) {
          const at = y * width + x;
          const left1 = values[at - 1] ?? -1;
          const right1 = values[at + 1] ?? -1;
          const up = values[at - width] ?? -1;
          const low = values[at + width] ?? -1;
          if (left1 < 0 || right1 < 0 || low < 0 || up < 0 || (values[at] ?? -1) < 0) continue;
          const growth = (right1 - left1) * (right1 - left1) + (low - up) * (low - up);
          if (growth <= best) continue;
          best = growth;
          bestPlace = at;
        }
      }
      if (best < 0) continue;
      marks.x[count] = bestPlace % width;
      marks.y[count] = Math.floor(bestPlace / width);
      marks.value[count] = values[bestPlace] ?? 0;
      marks.growthX[count] = ((values[bestPlace + 1] ?? 0) - (values[bestPlace - 1] ?? 0)) / 2;
      marks.growthY[count] = ((values[bestPlace + width] ?? 0) - (values[bestPlace - width] ?? 0)) / 2;
      count++;
    }
  }
  const sorted = marks.value.slice(0, count).sort();
  const median = sorted[count >> 1] ?? 0;
  const distances = sorted.reduce((sum, value) => sum + Math.abs(value - median), 0);
  return { ...marks, count, spread: distances / Math.max(1, count) };
}

/** How a picture is seen in another one, and how well it fits there. */
export interface Match extends Mapping {
  /** By how much marks differ, usually: in units. */
  readonly error: number;
}

const unknowns = 8;
const leastMarks = 24;
/** The residual of a mark that is not seen in the other picture. */
const absent = 1e9;

/**
 * Lucas and Kanade's method, for an affine motion, gain and offset at once, with Cauchy weights.
 *
 * @param start - Its motion is in samples of these pictures.
 * @returns null where too few marks lie in known parts of the other picture.
 */
export function refine(marks: Marks, other: SmallPicture, start: Mapping, steps: number): Match | null {
  let match: Match = { ...start, error: 0 };
  // In these coordinates all unknowns of the motion are of the size of samples.
  const frame = { x: other.width / 2, y: other.height / 2, span: Math.max(other.width, other.height) / 2 };
  const residuals = new Float32Array(marks.count);
  for (let step = 0; ; step++) {
    const seen = compare(marks, other, match, residuals);
    if (seen < Math.max(leastMarks, marks.count / 8)) return null;
    match = { ...match, error: typicalOf(residuals) };
    if (step === steps) return match;
    const found = solve(equationsOf(marks, residuals, match, frame));
    if (!found) return match;
    match = moved(match, found, frame);
  }
}

/** How far the other picture's brightness is from each mark's, where `match` says that it lies. @returns how many are seen. */
export function compare(
  marks: Marks,
  { values, width, height }: SmallPicture,
  match: Mapping,
  residuals: Float32Array,
): number {
  const { x0, xx, xy, y0, yx, yy } = match.motion;
  let seen = 0;
  for (let n = 0; n < marks.count; n++) {
    const mx = marks.x[n] ?? 0;
    const my = marks.y[n] ?? 0;
    const x = x0 + xx * mx + xy * my;
    const y = y0 + yx * mx + yy * my;
    residuals[n] = absent;
    if (!(x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) continue;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const at = top * width + left;
    const a = values[at] ?? 0;
    const b = values[at + 1] ?? 0;
    const c = values[at + width] ?? 0;
    const d = values[at + width + 1] ?? 0;
    if (a < 0 || b < 0 || c < 0 || d < 0) continue;
    const u = x - left;
    const upper = a + u * (b - a);
    const value = upper + (y - top) * (c + u * (d - c) - upper);
    residuals[n] = match.gain * (value - middleGray) + middleGray + match.offset - (marks.value[n] ?? 0);
    seen++;
  }
  return seen;
}

const bins = new Int32Array(1025);
const unitsPerBin = 16;

/** The median of the absolute residuals, to within a quarter of a level. */
export function typicalOf(residuals: Float32Array): number {
  bins.fill(0);
  let seen = 0;
  for (let n = 0; n < residuals.length; n++) {
    const size = Math.abs(residuals[n] ?? 0);
    if (size === absent) continue;
    const bin = Math.min(bins.length - 1, Math.floor(size / unitsPerBin));
    bins[bin] = (bins[bin] ?? 0) + 1;
    seen++;
  }
  let [bin, sum] = [0, bins[0] ?? 0];
  while (2 * sum < seen) sum += bins[++bin] ?? 0;
  const own = Math.max(1, bins[bin] ?? 1);
  return unitsPerBin * (bin + 1 - (sum - seen / 2) / own);
}

interface Coordinates {
  readonly x: number;
  readonly y: number;
  readonly span: number;
}

const columns = unknowns + 1;

/** Normal equations, each with its right side. */
function equationsOf(
  marks: Marks,
  residuals: Float32Array,
  match: Match,
  { x, y, span }: Coordinates,
): Float64Array {
  const sums = new Float64Array(unknowns * columns);
  const row = new Float64Array(columns);
  const scale = 1 / (4 * match.error * match.error + 64);
  for (let n = 0; n < marks.count; n++) {
    const off = residuals[n] ?? 0;
    if (off === absent) continue;
    const weight = 1 / (1 + off * off * scale);
    const u = ((marks.x[n] ?? 0) - x) / span;
    const v = ((marks.y[n] ?? 0) - y) / span;
    const gx = marks.growthX[n] ?? 0;
    const gy = marks.growthY[n] ?? 0;
    row[0] = gx;
    row[1] = gx * u;
    row[2] = gx * v;
    row[3] = gy;
    row[4] = gy * u;
    row[5] = gy * v;
    row[6] = ((marks.value[n] ?? 0) + off - match.offset - middleGray) / match.gain;
    row[7] = 1;
    row[8] = -off;
    for (let a = 0; a < unknowns; a++) {
      const factor = weight * (row[a] ?? 0);
      for (let b = a; b < columns; b++) {
        const to = a * columns + b;
        sums[to] = (sums[to] ?? 0) + factor * (row[b] ?? 0);
      }
    }
  }
  damp(sums, match);
  return sums;
}

/** What marks say little about stays as it is. */
function damp(sums: Float64Array, { error, gain }: Match): void {
  const prior = error * error + 16;
  for (let a = 0; a < unknowns; a++) {
    const at = a * columns + a;
    sums[at] = (sums[at] ?? 0) * 1.001 + prior * (a === 6 ? gainPrior : a === 7 ? 1e-4 : 4);
  }
  const last = 6 * columns + unknowns;
  sums[last] = (sums[last] ?? 0) + prior * gainPrior * (1 - gain);
}

/** 1 divided by the square of how far a gain is usually from 1. */
const gainPrior = 400;

/** By Cholesky's method; null where the marks do not say enough. */
function solve(sums: Float64Array): Float64Array | null {
  const lower = new Float64Array(unknowns * unknowns);
  const found = new Float64Array(unknowns);
  for (let a = 0; a < unknowns; a++) {
    for (let b = 0; b <= a; b++) {
      let rest = sums[b * columns + a] ?? 0;
      for (let k = 0; k < b; k++) rest -= (lower[a * unknowns + k] ?? 0) * (lower[b * unknowns + k] ?? 0);
      if (a === b && !(rest > 1e-9)) return null;
      lower[a * unknowns + b] = a === b ? Math.sqrt(rest) : rest / (lower[b * unknowns + b] ?? 1);
    }
  }
  for (let a = 0; a < unknowns; a++) {
    let rest = sums[a * columns + unknowns] ?? 0;
    for (let k = 0; k < a; k++) rest -= (lower[a * unknowns + k] ?? 0) * (found[k] ?? 0);
    found[a] = rest / (lower[a * unknowns + a] ?? 1);
  }
  for (let a = unknowns - 1; a >= 0; a--) {
    let rest = found[a] ?? 0;
    for (let k = a + 1; k < unknowns; k++) rest -= (lower[k * unknowns + a] ?? 0) * (found[k] ?? 0);
    found[a] = rest / (lower[a * unknowns + a] ?? 1);
  }
  return found;
}

function moved({ motion, gain, offset, error }: Match, by: Float64Array, { x, y, span }: Coordinates): Match {
  const [dx = 0, dxx = 0, dxy = 0, dy = 0, dyx = 0, dyy = 0, dGain = 0, dOffset = 0] = by;
  return {
    motion: {
      x0: motion.x0 + dx - (dxx * x + dxy * y) / span,
      xx: motion.xx + dxx / span,
      xy: motion.xy + dxy / span,
      y0: motion.y0 + dy - (dyx * x + dyy * y) / span,
      yx: motion.yx + dyx / span,
      yy: motion.yy + dyy / span,
    },
    gain: gain + dGain,
    offset: offset + dOffset,
    error,
  };
}
