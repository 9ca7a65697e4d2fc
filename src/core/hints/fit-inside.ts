import type { DisplaySize } from './display-size.ts';
import type { Size } from './size.ts';

/** A box that bounds nothing. */
export const anySize: Size = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/**
 * The largest size with the video's display aspect ratio that fits `limit`, with even sides
 * (yuv420p cannot hold odd ones). Never enlarges. Computed from the exact size as shown, and rounded once.
 *
 * @param limit - Inclusive upper bound of each side, in pixels, at least 2.
 */
export function fitInside(display: DisplaySize, limit: Size): Size {
  const { width, height, perPixel } = display.exact ?? { ...display, perPixel: 1 };
  if (width <= limit.width * perPixel && height <= limit.height * perPixel) {
    return { width: toEven(width / perPixel), height: toEven(height / perPixel) };
  }
  // Products and quotients of whole numbers: no rounding comes before the last step.
  return limit.width * height <= limit.height * width
    ? { width: toEven(limit.width), height: toEven((limit.width * height) / width) }
    : { width: toEven((limit.height * width) / height), height: toEven(limit.height) };
}

function toEven(pixels: number): number {
  return Math.max(2, 2 * Math.floor(pixels / 2));
}
