import {
  type FrameFormat,
  type FramePlane,
  frameBytes,
  planesOf,
  samplesOf,
} from '../frames/frame-format.ts';
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

/** A crop of frames of one format, ready to be cut out of them and merged back. */
export class CropMerger {
  readonly plan: CropPlan;
  /** Frames of the crop alone. */
  readonly cropFormat: FrameFormat;
  readonly #frame: FrameFormat;
  readonly #planes: readonly {
    readonly of: FramePlane;
    readonly inCrop: FramePlane;
    readonly weights: Uint16Array;
  }[];

  constructor(plan: CropPlan, frame: FrameFormat) {
    const { width, height } = plan.crop;
    this.plan = plan;
    this.cropFormat = { width, height, pixelFormat: frame.pixelFormat };
    this.#frame = frame;
    const weights = weightsOf(plan);
    const inCrop = planesOf(this.cropFormat);
    this.#planes = planesOf(frame).flatMap((of, index) => {
      const plane = inCrop[index];
      return plane ? [{ of, inCrop: plane, weights: planeWeights(weights, plan.crop, plane) }] : [];
    });
  }

  /** The crop's samples of a frame, copied. */
  cut(frame: Uint8Array): Uint8Array {
    const crop = new Uint8Array(frameBytes(this.cropFormat));
    const [from, to] = [samplesOf(frame, this.#frame), samplesOf(crop, this.#frame)];
    this.#eachRow(({ fromAt, toAt, samples }) => to.set(from.subarray(fromAt, fromAt + samples), toAt));
    return crop;
  }

  /** Writes a processed crop into a frame: where its weight is 0, the frame keeps its bits. */
  merge(frame: Uint8Array, processed: Uint8Array): void {
    const [to, from] = [samplesOf(frame, this.#frame), samplesOf(processed, this.#frame)];
    this.#eachRow(({ fromAt, toAt, samples, weights, weightsAt, perPixel }) => {
      for (let at = 0; at < samples; at++) {
        const weight = weights[weightsAt + (perPixel === 1 ? at : Math.floor(at / perPixel))] ?? 0;
        if (weight === 0) continue;
        const [source, result] = [to[fromAt + at] ?? 0, from[toAt + at] ?? 0];
        to[fromAt + at] =
          weight === fullWeight
            ? result
            : (source * (fullWeight - weight) + result * weight + fullWeight / 2) >> 8;
      }
    });
  }

  /** Rows of all planes: where each lies in a frame, and where in the crop. In samples. */
  #eachRow(
    visit: (row: {
      readonly fromAt: number;
      readonly toAt: number;
      readonly samples: number;
      readonly weights: Uint16Array;
      readonly weightsAt: number;
      readonly perPixel: number;
    }) => void,
  ): void {
    const { x, y } = this.plan.crop;
    for (const { of, inCrop, weights } of this.#planes) {
      const { samples: perPixel, width, height } = inCrop;
      for (let row = 0; row < height; row++) {
        const fromAt = of.offset + perPixel * ((y / of.down + row) * of.width + x / of.across);
        const toAt = inCrop.offset + perPixel * row * width;
        visit({ fromAt, toAt, samples: perPixel * width, weights, weightsAt: row * width, perPixel });
      }
    }
  }
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
