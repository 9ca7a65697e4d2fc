import type { Size } from '../hints/size.ts';
import { roundHalfEven } from './round-half-even.ts';

const patchSidePx = 16;
const maxSidePx = 1024;

/**
 * Vision tokens of Pixtral 12B: an image whose longer side exceeds 1024 px is scaled down to it, then cut into
 * patches of 16 px; each row of patches ends with one token more (`[IMG_BREAK]`, after the last row `[IMG_END]`).
 * The source is the image encoder of `mistral_common`.
 *
 * @param size - Size of each frame, in pixels.
 */
export function pixtralVisionTokens(size: Size, frames: number): number {
  const { width, height } = isPixtralRescaled(size) ? scaledDown(size) : size;
  return (patches(width) + 1) * patches(height) * frames;
}

/** Whether Pixtral scales an image of this size down before it cuts it. */
export function isPixtralRescaled(size: Size): boolean {
  return Math.max(size.width, size.height) > maxSidePx;
}

function scaledDown({ width, height }: Size): Size {
  const ratio = Math.max(width, height) / maxSidePx;
  return { width: roundHalfEven(width / ratio), height: roundHalfEven(height / ratio) };
}

function patches(sidePx: number): number {
  return Math.max(1, Math.ceil(sidePx / patchSidePx));
}
