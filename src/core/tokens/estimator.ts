import type { Size } from '../hints/display-size.ts';

/** The estimators a person may choose, the default first. */
export const estimatorNames = ['linear', 'pixtral', 'qwen2.5-vl'] as const;

export type EstimatorName = (typeof estimatorNames)[number];

/** What a model, or the rule of thumb, makes of frames. */
interface TokenEstimator {
  readonly name: EstimatorName;
  /** Whether the count is the model's own, so that it needs no margin. */
  readonly isExact: boolean;
  /** Vision tokens of `frames` frames of this size in pixels. */
  visionTokens(size: Size, frames: number): number;
  /**
   * Whether a frame is brought to another area before it is counted. Among the sizes that are not, a larger one
   * never costs less; the largest and the smallest sizes have no such order.
   */
  isRescaled(size: Size): boolean;
}

export function estimatorNamed(name: EstimatorName): TokenEstimator {
  return estimators[name];
}

const estimators: Readonly<Record<EstimatorName, TokenEstimator>> = {
  linear: { name: 'linear', isExact: false, visionTokens: linearVisionTokens, isRescaled: () => false },
  pixtral: {
    name: 'pixtral',
    isExact: true,
    visionTokens: pixtralVisionTokens,
    isRescaled: isPixtralRescaled,
  },
  'qwen2.5-vl': {
    name: 'qwen2.5-vl',
    isExact: true,
    visionTokens: qwenImageTokens,
    isRescaled: isQwenRescaled,
  },
};

/** Vision tokens per pixel of the rule of thumb. */
const tokensPerPixel = 0.0173;

/**
 * Vision tokens by the linear rule of thumb, `int(width * height * frames * 0.0173)`. It knows no model and is
 * deliberately high: about 4 times Pixtral's real count up to 1024 px, 15 times at 1080p.
 *
 * @param size - Size of each frame, in pixels.
 */
function linearVisionTokens(size: Size, frames: number): number {
  return Math.trunc(size.width * size.height * frames * tokensPerPixel);
}

/** A patch is 14 px, and 2x2 patches are merged into one token. */
const tokenSidePx = 28;
const framesPerToken = 2;

/** Limits of a frame's area, in pixels: the defaults of the published preprocessor configuration. */
const minAreaPx = 3136;
const maxAreaPx = 12_845_056;

/**
 * Vision tokens of Qwen2.5-VL for frames sent as images, which is how the engine sends them: each costs in full.
 *
 * @param size - Size of each frame, in pixels.
 */
function qwenImageTokens(size: Size, frames: number): number {
  return frames * qwenVideoTokens(size, 1);
}

/**
 * The same for frames sent as one video: two frames share their tokens, an odd last one costs as much as two.
 * The source is `smart_resize` of the Qwen2-VL processors.
 */
export function qwenVideoTokens(size: Size, frames: number): number {
  const { width, height } = qwenResized(size);
  return Math.ceil(frames / framesPerToken) * (width / tokenSidePx) * (height / tokenSidePx);
}

/** Whether the area is brought within its limits, instead of each side to the nearest multiple of 28 px. */
function isQwenRescaled(size: Size): boolean {
  const areaPx = areaOf(toNearest(size));
  return areaPx > maxAreaPx || areaPx < minAreaPx;
}

/** The size in pixels that the model really sees. */
function qwenResized(size: Size): Size {
  const nearest = toNearest(size);
  if (areaOf(nearest) > maxAreaPx) {
    const divisor = Math.sqrt(areaOf(size) / maxAreaPx);
    return eachSide(size, (side) => Math.max(1, Math.floor(side / divisor / tokenSidePx)));
  }
  if (areaOf(nearest) < minAreaPx) {
    const factor = Math.sqrt(minAreaPx / areaOf(size));
    return eachSide(size, (side) => Math.ceil((side * factor) / tokenSidePx));
  }
  return nearest;
}

function toNearest(size: Size): Size {
  return eachSide(size, (side) => roundHalfEven(side / tokenSidePx));
}

function eachSide(size: Size, tokensAlong: (sidePx: number) => number): Size {
  return { width: tokensAlong(size.width) * tokenSidePx, height: tokensAlong(size.height) * tokenSidePx };
}

function areaOf(size: Size): number {
  return size.width * size.height;
}

const patchSidePx = 16;
const maxSidePx = 1024;

/**
 * Vision tokens of Pixtral 12B: an image whose longer side exceeds 1024 px is scaled down to it, then cut into
 * patches of 16 px; each row of patches ends with one token more (`[IMG_BREAK]`, after the last row `[IMG_END]`).
 * The source is the image encoder of `mistral_common`.
 *
 * @param size - Size of each frame, in pixels.
 */
function pixtralVisionTokens(size: Size, frames: number): number {
  const { width, height } = isPixtralRescaled(size) ? scaledDown(size) : size;
  return (patches(width) + 1) * patches(height) * frames;
}

/** Whether Pixtral scales an image of this size down before it cuts it. */
function isPixtralRescaled(size: Size): boolean {
  return Math.max(size.width, size.height) > maxSidePx;
}

function scaledDown({ width, height }: Size): Size {
  const ratio = Math.max(width, height) / maxSidePx;
  return { width: roundHalfEven(width / ratio), height: roundHalfEven(height / ratio) };
}

function patches(sidePx: number): number {
  return Math.max(1, Math.ceil(sidePx / patchSidePx));
}

/**
 * Rounds to the nearest integer, and a tie to the even one, as Python's `round` does. The processors of both
 * models use it, so that rounding half up would be a whole row of patches off at some sizes.
 *
 * @param value - Not negative.
 */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
