import {
  type FrameFormat,
  type FramePlane,
  frameBytes,
  planesOf,
  samplesOf,
} from '../frames/frame-format.ts';
import type { Size } from '../hints/display-size.ts';
import type { Box } from './place-region.ts';

/** How far around a box is worked, in pixels. */
export interface CropOptions {
  /** The box grows by so much on every side … */
  readonly dilatePx: number;
  /** … around it the result fades into the source over so many pixels … */
  readonly featherPx: number;
  /** … and so much is seen around the grown box. */
  readonly marginPx: number;
}

/** The part of a frame that an engine sees, and what it may change of it. */
export interface CropPlan {
  /** What is processed, on the grid of the chroma samples. */
  readonly mask: Box;
  /** What the engine gets; even sides, except at the right and the lower edge of a frame with odd ones. */
  readonly crop: Box;
  readonly featherPx: number;
  /** By so much what is processed reaches over the box. */
  readonly dilatePx: number;
}

/**
 * The crop around a box: grown, with context, and shifted inward where it would leave the frame.
 *
 * @param box - Inside the frame.
 */
export function planCrop(
  box: Box,
  frame: FrameFormat,
  { dilatePx, featherPx, marginPx }: CropOptions,
): CropPlan {
  const across = spanOf(box.x, box.width, frame.width, dilatePx, Math.max(featherPx, marginPx));
  const down = spanOf(box.y, box.height, frame.height, dilatePx, Math.max(featherPx, marginPx));
  return {
    mask: { x: across.mask[0], y: down.mask[0], width: length(across.mask), height: length(down.mask) },
    crop: { x: across.crop[0], y: down.crop[0], width: length(across.crop), height: length(down.crop) },
    featherPx,
    dilatePx,
  };
}

type Span = readonly [start: number, end: number];

function length([start, end]: Span): number {
  return end - start;
}

/** Along one side. Every format's chroma grid is even, so that even bounds lie on it. */
function spanOf(start: number, size: number, side: number, dilatePx: number, marginPx: number) {
  const mask = evenSpan(Math.max(0, start - dilatePx), Math.min(side, start + size + dilatePx), side);
  const wanted = Math.min(side, length(mask) + 2 * marginPx);
  const first = Math.min(Math.max(0, mask[0] - marginPx), side - wanted);
  return { mask, crop: evenSpan(first, first + wanted, side) };
}

function evenSpan(start: number, end: number, side: number): Span {
  return [2 * Math.floor(start / 2), Math.min(side, 2 * Math.ceil(end / 2))];
}

/** A weight of the processed picture; the source has the rest. */
const fullWeight = 256;
/** Of a pixel that is to be processed. */
export const masked = 255;

/** How much of a processed crop goes into a frame. */
export interface CropWeights {
  /** For each pixel of the crop, row by row: 255 where it is to be processed, else 0. */
  readonly mask: Uint8Array;
  readonly planes: readonly PlaneWeights[];
}

/** The weights of one plane of a crop. */
interface PlaneWeights {
  /** For each of its pixels, row by row: from 0 to 256. */
  readonly values: Uint16Array;
  /** For each row: its first pixel of a weight above 0, and the one after its last; both 0 where there is none. */
  readonly spans: Uint32Array;
}

/** One plane: in a frame, and in the crop. */
interface CropPlane {
  readonly of: FramePlane;
  readonly inCrop: FramePlane;
}

/** A crop of frames of one format, ready to be cut out of them and merged back. */
export class CropMerger {
  readonly plan: CropPlan;
  /** Frames of the crop alone. */
  readonly cropFormat: FrameFormat;
  readonly #frame: FrameFormat;
  readonly #planes: readonly CropPlane[];
  #boxWeights: CropWeights | null = null;

  constructor(plan: CropPlan, frame: FrameFormat) {
    const { width, height } = plan.crop;
    this.plan = plan;
    this.cropFormat = { width, height, pixelFormat: frame.pixelFormat };
    this.#frame = frame;
    const inCrop = planesOf(this.cropFormat);
    this.#planes = planesOf(frame).flatMap((of, index) => {
      const plane = inCrop[index];
      return plane ? [{ of, inCrop: plane }] : [];
    });
  }

  /** The weights of the whole box. */
  get boxWeights(): CropWeights {
    this.#boxWeights ??= this.#weightsOf(weightsOf(this.plan));
    return this.#boxWeights;
  }

  /** The weights of a part of the box: `mask` has one byte for each of its pixels, not 0 for those of the part. */
  maskWeights(mask: Uint8Array, box: Box): CropWeights {
    return this.#weightsOf(maskWeights(mask, box, this.plan));
  }

  #weightsOf(pixels: Uint16Array): CropWeights {
    const planes = this.#planes.map(({ inCrop }) => {
      const values = planeWeights(pixels, this.plan.crop, inCrop);
      return { values, spans: spansOf(values, inCrop) };
    });
    return { mask: Uint8Array.from(pixels, (weight) => (weight === fullWeight ? masked : 0)), planes };
  }

  /** The crop's samples of a frame, copied. */
  cut(frame: Uint8Array): Uint8Array {
    const crop = new Uint8Array(frameBytes(this.cropFormat));
    const [from, to] = [samplesOf(frame, this.#frame), samplesOf(crop, this.#frame)];
    for (const plane of this.#planes) {
      const samples = plane.inCrop.samples * plane.inCrop.width;
      for (let row = 0; row < plane.inCrop.height; row++) {
        const start = this.#inFrame(plane, row);
        to.set(from.subarray(start, start + samples), inCropAt(plane, row));
      }
    }
    return crop;
  }

  /** Writes a processed crop into a frame: where its weight is 0, the frame keeps its bits. */
  merge(frame: Uint8Array, processed: Uint8Array, weights = this.boxWeights): void {
    const [to, from] = [samplesOf(frame, this.#frame), samplesOf(processed, this.#frame)];
    this.#eachSample(weights, (toAt, fromAt, weight) => {
      const [source, result] = [to[toAt] ?? 0, from[fromAt] ?? 0];
      to[toAt] =
        weight === fullWeight
          ? result
          : (source * (fullWeight - weight) + result * weight + fullWeight / 2) >> 8;
    });
  }

  /** Makes `target` what `frame` is wherever the crop may have changed it. */
  copyChangeable(frame: Uint8Array, target: Uint8Array, weights = this.boxWeights): void {
    const [from, to] = [samplesOf(frame, this.#frame), samplesOf(target, this.#frame)];
    this.#eachSample(weights, (at) => {
      to[at] = from[at] ?? 0;
    });
  }

  /** Samples of all planes that have a weight: where each lies in a frame, and where in the crop. */
  #eachSample(weights: CropWeights, visit: (frameAt: number, cropAt: number, weight: number) => void): void {
    for (const [index, plane] of this.#planes.entries()) {
      const own = weights.planes[index];
      if (!own) continue;
      const { samples, width, height } = plane.inCrop;
      for (let row = 0; row < height; row++) {
        const [first, end] = [own.spans[2 * row] ?? 0, own.spans[2 * row + 1] ?? 0];
        const [frameAt, cropAt] = [this.#inFrame(plane, row), inCropAt(plane, row)];
        for (let x = first; x < end; x++) {
          const weight = own.values[row * width + x] ?? 0;
          if (weight === 0) continue;
          for (let sample = samples * x; sample < samples * (x + 1); sample++)
            visit(frameAt + sample, cropAt + sample, weight);
        }
      }
    }
  }

  /** Where a row of the crop begins in a frame, in samples. */
  #inFrame({ of, inCrop }: CropPlane, row: number): number {
    const { x, y } = this.plan.crop;
    return of.offset + inCrop.samples * ((y / of.down + row) * of.width + x / of.across);
  }
}

function inCropAt({ inCrop }: CropPlane, row: number): number {
  return inCrop.offset + inCrop.samples * row * inCrop.width;
}

/** For each pixel of the crop: full inside the mask, and less and less with the distance to it. */
function weightsOf({ mask, crop, featherPx }: CropPlan): Uint16Array {
  const weights = new Uint16Array(crop.width * crop.height);
  for (let y = 0; y < crop.height; y++) {
    const dy = outsideBy(crop.y + y, mask.y, mask.height);
    for (let x = 0; x < crop.width; x++) {
      const distance = Math.max(dy, outsideBy(crop.x + x, mask.x, mask.width));
      if (distance > featherPx) continue;
      weights[y * crop.width + x] = Math.round((fullWeight * (featherPx + 1 - distance)) / (featherPx + 1));
    }
  }
  return weights;
}

function outsideBy(at: number, start: number, size: number): number {
  return Math.max(0, start - at, at - (start + size - 1));
}

/** The same for a part of the box, of any shape: it grows like the box, and distances are those of a king on a chessboard. */
function maskWeights(mask: Uint8Array, box: Box, plan: CropPlan): Uint16Array {
  const { crop, featherPx, dilatePx } = plan;
  const distances = distancesTo(mask, box, crop);
  return Uint16Array.from(distances, (each) => {
    const distance = Math.max(0, each - dilatePx);
    return distance > featherPx ? 0 : Math.round((fullWeight * (featherPx + 1 - distance)) / (featherPx + 1));
  });
}

/**
 * For each pixel of the crop, how far the next masked one is: in two passes over its neighbours (Rosenfeld and Pfaltz,
 * "Sequential operations in digital picture processing", 1966).
 */
function distancesTo(mask: Uint8Array, box: Box, { x, y, width, height }: Box): Uint16Array {
  // A border of pixels that are far from everything goes around.
  const stride = width + 2;
  const far = 0xffff;
  const distances = new Uint16Array(stride * (height + 2)).fill(far);
  for (let row = 0; row < box.height; row++) {
    const at = (box.y - y + row + 1) * stride + box.x - x + 1;
    for (let column = 0; column < box.width; column++) {
      if ((mask[row * box.width + column] ?? 0) > 0) distances[at + column] = 0;
    }
  }
  const ahead = [-stride - 1, -stride, -stride + 1, -1];
  const pass = (at: number, sign: number) => {
    let least = distances[at] ?? far;
    for (const step of ahead) least = Math.min(least, (distances[at + sign * step] ?? far) + 1);
    distances[at] = least;
  };
  for (let row = 1; row <= height; row++)
    for (let column = 1; column <= width; column++) pass(row * stride + column, 1);
  for (let row = height; row >= 1; row--)
    for (let column = width; column >= 1; column--) pass(row * stride + column, -1);
  const own = new Uint16Array(width * height);
  for (let row = 0; row < height; row++) {
    const at = (row + 1) * stride + 1;
    own.set(distances.subarray(at, at + width), row * width);
  }
  return own;
}

/** A sample that covers several pixels changes as little as the least of them may. */
function planeWeights(
  weights: Uint16Array,
  crop: Box,
  { width, height, across, down }: FramePlane,
): Uint16Array {
  if (across === 1 && down === 1) return weights;
  const own = new Uint16Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let least = fullWeight;
      for (let y = row * down; y < Math.min(crop.height, (row + 1) * down); y++) {
        for (let x = column * across; x < Math.min(crop.width, (column + 1) * across); x++) {
          least = Math.min(least, weights[y * crop.width + x] ?? 0);
        }
      }
      own[row * width + column] = least;
    }
  }
  return own;
}

/** As {@link PlaneWeights} has them. */
function spansOf(values: Uint16Array, { width, height }: Size): Uint32Array {
  const spans = new Uint32Array(2 * height);
  for (let row = 0; row < height; row++) {
    const weights = values.subarray(row * width, (row + 1) * width);
    const first = weights.findIndex((weight) => weight > 0);
    if (first < 0) continue;
    spans[2 * row] = first;
    spans[2 * row + 1] = weights.findLastIndex((weight) => weight > 0) + 1;
  }
  return spans;
}
