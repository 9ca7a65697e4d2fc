import {
  bitsOf,
  type FrameFormat,
  type FramePlane,
  planesOf,
  samplesOf,
} from '../../../core/frames/frame-format.ts';
import type { Size } from '../../../core/hints/display-size.ts';

/** All brightness is counted in these, whatever a format's depth: so many make one level of 8 bits. */
export const unitsPerLevel = 64;

/** Pixels of a square's side that has one number for how another crop differs there. */
export const cellSide = 8;

/** Which samples of a plane are to be replaced. The same for all frames with the same mask. */
export interface Hole {
  /** 1 where a sample covers any masked pixel. */
  readonly unknown: Uint8Array;
  /** Where those lie. */
  readonly places: Int32Array;
  /** The middles of its squares of {@link cellSide} pixels. */
  readonly cells: readonly { readonly x: number; readonly y: number }[];
  /** Some of the known samples around them, by which another crop is compared. */
  readonly band: Int32Array;
  /** 1 where the 4x4 samples from one to the left and above are all known and inside. */
  readonly open: Uint8Array;
}

/** One plane of a crop: its samples, not copied, in units of `1 / scale`. */
export interface Layer extends Size {
  readonly samples: Uint8Array | Uint16Array;
  readonly scale: number;
  readonly across: number;
  readonly down: number;
  readonly hole: Hole;
}

/** The planes of a crop. @param holes - As {@link holesOf} says, of the crop's mask. */
export function layersOf(samples: Uint8Array, format: FrameFormat, holes: readonly Hole[]): Layer[] {
  const all = samplesOf(samples, format);
  const scale = unitsPerLevel / 2 ** (bitsOf(format) - 8);
  return planesOf(format).flatMap(({ offset, width, height, across, down }, index) => {
    const hole = holes[index];
    const own = all.subarray(offset, offset + width * height);
    return hole ? [{ samples: own, width, height, scale, across, down, hole }] : [];
  });
}

/** @param mask - Row by row, one byte for each pixel of the crop; null: all are known. */
export function holesOf(mask: Uint8Array | null, format: FrameFormat): Hole[] {
  return planesOf(format).map((plane) => holeOf(mask, format.width, plane));
}

function holeOf(mask: Uint8Array | null, stride: number, { width, height, across, down }: FramePlane): Hole {
  const unknown = new Uint8Array(width * height);
  if (mask) {
    const rows = mask.length / stride;
    for (let y = 0; y < rows; y++) {
      const to = Math.floor(y / down) * width;
      for (let x = 0; x < stride; x++) {
        if (mask[y * stride + x] !== 0) unknown[to + Math.floor(x / across)] = 1;
      }
    }
  }
  const places: number[] = [];
  for (let at = 0; at < unknown.length; at++) if (unknown[at] === 1) places.push(at);
  return {
    unknown,
    places: Int32Array.from(places),
    cells: cellsOf(places, width, cellSide / across, cellSide / down),
    band:
      places.length === 0 ? new Int32Array(0) : bandAround(unknown, width, bandPx / across, bandPx / down),
    open: openIn(unknown, { width, height }),
  };
}

/** The middles of the squares of a hole, each of those of its samples that are in it. */
function cellsOf(places: readonly number[], width: number, wide: number, high: number): Hole['cells'] {
  const sums = new Map<number, { x: number; y: number; count: number }>();
  for (const at of places) {
    const y = Math.floor(at / width);
    const x = at - y * width;
    const key = Math.floor(y / high) * 65_536 + Math.floor(x / wide);
    const sum = sums.get(key) ?? { x: 0, y: 0, count: 0 };
    sum.x += x;
    sum.y += y;
    sum.count++;
    sums.set(key, sum);
  }
  return [...sums.values()].map(({ x, y, count }) => ({ x: x / count, y: y / count }));
}

const bandPx = 20;

/** Every other known sample, as on the light fields of a chessboard, within a rectangle around any unknown one. */
function bandAround(unknown: Uint8Array, width: number, reachX: number, reachY: number): Int32Array {
  const height = unknown.length / width;
  const near = dilated(dilated(unknown, width, height, 1, width, reachX), height, width, width, 1, reachY);
  const band: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = y & 1; x < width; x += 2) {
      const at = y * width + x;
      if (near[at] === 1 && unknown[at] === 0) band.push(at);
    }
  }
  return Int32Array.from(band);
}

/** Along `lines` lines of `count` samples each: 1 wherever one is within reach. */
function dilated(
  flags: Uint8Array,
  count: number,
  lines: number,
  step: number,
  stride: number,
  reach: number,
): Uint8Array {
  const result = new Uint8Array(flags.length);
  for (let line = 0; line < lines; line++) {
    let last = -Infinity;
    let next = -Infinity;
    for (let n = 0; n < count; n++) {
      const back = count - 1 - n;
      if (flags[line * stride + n * step] === 1) last = n;
      if (flags[line * stride + back * step] === 1) next = n;
      if (n - last <= reach) result[line * stride + n * step] = 1;
      if (n - next <= reach) result[line * stride + back * step] = 1;
    }
  }
  return result;
}

function openIn(unknown: Uint8Array, { width, height }: Size): Uint8Array {
  const open = new Uint8Array(width * height);
  const inRow = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    let run = 0;
    for (let x = 0; x < width; x++) {
      run = unknown[y * width + x] === 1 ? 0 : run + 1;
      if (run >= 4) inRow[y * width + x - 2] = 1;
    }
  }
  for (let x = 0; x < width; x++) {
    let run = 0;
    for (let y = 0; y < height; y++) {
      run = inRow[y * width + x] === 1 ? run + 1 : 0;
      if (run >= 4) open[(y - 2) * width + x] = 1;
    }
  }
  return open;
}

/** -1 where it is not known. */
export function wholeSample({ samples, width, height, scale, hole }: Layer, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return -1;
  const at = y * width + x;
  return hole.unknown[at] === 1 ? -1 : scale * (samples[at] ?? 0);
}

/** By cubic interpolation (Keys 1981, a = -0.5); -1 where what it needs is not known. */
export function sample({ samples, width, height, scale, hole }: Layer, x: number, y: number): number {
  if (!(x >= 0 && y >= 0 && x < width && y < height)) return -1;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = top * width + left;
  if (hole.open[at] !== 1) return -1;
  const u = x - left;
  const v = y - top;
  const u0 = cubic(1 + u);
  const u1 = cubic(u);
  const u2 = cubic(1 - u);
  const u3 = 1 - u0 - u1 - u2;
  let sum = 0;
  for (let row = -1; row <= 2; row++) {
    const line = at + row * width;
    const own =
      u0 * (samples[line - 1] ?? 0) +
      u1 * (samples[line] ?? 0) +
      u2 * (samples[line + 1] ?? 0) +
      u3 * (samples[line + 2] ?? 0);
    sum += cubic(row < 0 ? 1 + v : row === 0 ? v : row === 1 ? 1 - v : 2 - v) * own;
  }
  return Math.max(0, scale * sum);
}

const sharpness = -0.5;

function cubic(distance: number): number {
  return distance < 1
    ? ((sharpness + 2) * distance - (sharpness + 3)) * distance * distance + 1
    : ((sharpness * distance - 5 * sharpness) * distance + 8 * sharpness) * distance - 4 * sharpness;
}

/** A picture made smaller: brightness in units, and -1 where any of what a sample covers is not known. */
export interface SmallPicture extends Size {
  readonly values: Int16Array;
}

/** The luma at half, a quarter and an eighth of its size. */
export function pyramidOf(luma: Layer, levels: number): SmallPicture[] {
  const pyramid: SmallPicture[] = [halved(luma)];
  while (pyramid.length < levels) {
    const last = pyramid.at(-1);
    if (!last) break;
    pyramid.push(halvedAgain(last));
  }
  return pyramid;
}

function halved({ samples, width, height, scale, hole }: Layer): SmallPicture {
  const half = { width: width >> 1, height: height >> 1 };
  const values = new Int16Array(half.width * half.height);
  const factor = scale / 4;
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const at = 2 * y * width + 2 * x;
      const below = at + width;
      const masked =
        (hole.unknown[at] ?? 0) +
        (hole.unknown[at + 1] ?? 0) +
        (hole.unknown[below] ?? 0) +
        (hole.unknown[below + 1] ?? 0);
      const sum =
        (samples[at] ?? 0) + (samples[at + 1] ?? 0) + (samples[below] ?? 0) + (samples[below + 1] ?? 0);
      values[y * half.width + x] = masked > 0 ? -1 : sum * factor;
    }
  }
  return { ...half, values };
}

function halvedAgain({ values: from, width, height }: SmallPicture): SmallPicture {
  const half = { width: width >> 1, height: height >> 1 };
  const values = new Int16Array(half.width * half.height);
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const at = 2 * y * width + 2 * x;
      const a = from[at] ?? 0;
      const b = from[at + 1] ?? 0;
      const c = from[at + width] ?? 0;
      const d = from[at + width + 1] ?? 0;
      values[y * half.width + x] = a < 0 || b < 0 || c < 0 || d < 0 ? -1 : (a + b + c + d) >> 2;
    }
  }
  return { ...half, values };
}
