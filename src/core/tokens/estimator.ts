import type { FrameLimits, Size } from '../hints/display-size.ts';

/** The estimators a person may choose, the default first. `MODEL@SERVER` counts as that server does. */
export const estimatorNames = [
  'linear',
  'pixtral',
  'pixtral@llama.cpp',
  'qwen2.5-vl',
  'qwen2.5-vl@llama.cpp',
] as const;

export type EstimatorName = (typeof estimatorNames)[number];

/** The server programs that are told apart. */
export const serverPrograms = ['vllm', 'llama.cpp'] as const;

export type ServerProgram = (typeof serverPrograms)[number];

/** What a model, or the rule of thumb, makes of frames. */
interface TokenEstimator {
  readonly name: EstimatorName;
  /** Whether the count is the model's own, so that it needs no margin. */
  readonly isExact: boolean;
  /** What servers of the model take; the rule of thumb has what is safe for any. */
  readonly frameLimits: FrameLimits;
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

/** The variant of an estimator for a server that prepares images in its own way; the estimator itself for any other. */
export function estimatorFor(name: EstimatorName, server: ServerProgram | null | undefined): EstimatorName {
  return estimatorNames.find((known) => known === `${name}@${server}`) ?? name;
}

/** Qwen's processors refuse images of which a side has less than one token, and those that are longer than 200 times. */
const qwenLimits: FrameLimits = { minSidePx: 28, maxAspect: 200 };
/** One patch. */
const pixtralLimits: FrameLimits = { minSidePx: 16, maxAspect: Number.POSITIVE_INFINITY };

const llamaPixtral: ImageGrid = { sidePx: 16, minPatches: 8, maxPatches: 1024 };
const llamaQwen: ImageGrid = { sidePx: 28, minPatches: 8, maxPatches: 4096 };

const estimators: Readonly<Record<EstimatorName, TokenEstimator>> = {
  linear: {
    name: 'linear',
    isExact: false,
    frameLimits: qwenLimits,
    visionTokens: linearVisionTokens,
    isRescaled: () => false,
  },
  pixtral: {
    name: 'pixtral',
    isExact: true,
    frameLimits: pixtralLimits,
    visionTokens: pixtralVisionTokens,
    isRescaled: isPixtralRescaled,
  },
  'pixtral@llama.cpp': {
    name: 'pixtral@llama.cpp',
    isExact: true,
    frameLimits: pixtralLimits,
    visionTokens: (size, frames) => frames * rowsWithBreaks(llamaResized(size, llamaPixtral)),
    isRescaled: (size) => isLlamaRescaled(size, llamaPixtral),
  },
  'qwen2.5-vl': {
    name: 'qwen2.5-vl',
    isExact: true,
    frameLimits: qwenLimits,
    visionTokens: qwenImageTokens,
    isRescaled: isQwenRescaled,
  },
  'qwen2.5-vl@llama.cpp': {
    name: 'qwen2.5-vl@llama.cpp',
    isExact: true,
    frameLimits: qwenLimits,
    visionTokens: (size, frames) => frames * areaOf(llamaResized(size, llamaQwen)),
    isRescaled: (size) => isLlamaRescaled(size, llamaQwen),
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
  return rowsWithBreaks({ width: patches(width), height: patches(height) }) * frames;
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

/** What llama.cpp brings an image to: so many patches of this side. */
interface ImageGrid {
  readonly sidePx: number;
  readonly minPatches: number;
  readonly maxPatches: number;
}

/**
 * An image in patches, as llama.cpp resizes it: each side to the nearest multiple of a patch, ties upwards, and then the
 * area within its limits. It computes in single precision, which decides where a side is a multiple of a patch.
 * The source is `calc_size_preserved_ratio` of its multimodal library; the limits are those of each projector there.
 */
function llamaResized(size: Size, { sidePx, minPatches, maxPatches }: ImageGrid): Size {
  const along = (round: (patches: number) => number, each: (px: number) => number): Size => ({
    width: Math.max(1, round(Math.fround(each(size.width) / sidePx))),
    height: Math.max(1, round(Math.fround(each(size.height) / sidePx))),
  });
  const nearest = along(Math.round, (px) => px);
  const patchArea = sidePx * sidePx;
  if (areaOf(nearest) > maxPatches) {
    const divisor = floatRoot(Math.fround(areaOf(size)) / (maxPatches * patchArea));
    return along(Math.floor, (px) => Math.fround(px / divisor));
  }
  if (areaOf(nearest) < minPatches) {
    const factor = floatRoot((minPatches * patchArea) / areaOf(size));
    return along(Math.ceil, (px) => Math.fround(px * factor));
  }
  return nearest;
}

function isLlamaRescaled(size: Size, { sidePx, minPatches, maxPatches }: ImageGrid): boolean {
  const along = (px: number) => Math.max(1, Math.round(px / sidePx));
  const patchesNearest = along(size.width) * along(size.height);
  return patchesNearest > maxPatches || patchesNearest < minPatches;
}

function floatRoot(value: number): number {
  return Math.fround(Math.sqrt(Math.fround(value)));
}

/** Each row of patches ends with one token more. */
function rowsWithBreaks({ width, height }: Size): number {
  return (width + 1) * height;
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
