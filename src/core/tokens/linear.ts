import type { Size } from '../hints/size.ts';

/** Vision tokens per pixel of the rule of thumb. */
const tokensPerPixel = 0.0173;

/**
 * Vision tokens by the linear rule of thumb, `int(width * height * frames * 0.0173)`. It knows no model and is
 * deliberately high: about 4 times Pixtral's real count up to 1024 px, 15 times at 1080p.
 *
 * @param size - Size of each frame, in pixels.
 */
export function linearVisionTokens(size: Size, frames: number): number {
  return Math.trunc(size.width * size.height * frames * tokensPerPixel);
}
