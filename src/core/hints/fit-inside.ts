import type { Size } from './size.ts';

/**
 * The largest size with the video's display aspect ratio that fits `limit`, with even sides
 * (yuv420p cannot hold odd ones). Never enlarges.
 *
 * @param display - Size as shown, in pixels: sample aspect ratio and rotation applied.
 * @param limit - Inclusive upper bound of each side, in pixels, at least 2.
 */
export function fitInside(display: Size, limit: Size): Size {
  const scale = Math.min(1, limit.width / display.width, limit.height / display.height);
  return { width: toEven(display.width * scale), height: toEven(display.height * scale) };
}

function toEven(pixels: number): number {
  return Math.max(2, 2 * Math.floor(pixels / 2 + 1e-9));
}
