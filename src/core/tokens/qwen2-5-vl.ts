import type { Size } from '../hints/size.ts';
import { roundHalfEven } from './round-half-even.ts';

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
export function qwenImageTokens(size: Size, frames: number): number {
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
export function isQwenRescaled(size: Size): boolean {
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
