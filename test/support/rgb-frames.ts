import type { RgbFrame } from '../../src/ports/media-tool.ts';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A frame painted pixel by pixel; `x` and `y` run from 0 to 1. */
export function paintFrame(
  paint: (x: number, y: number) => Rgb,
  { width, height }: { width: number; height: number } = { width: 320, height: 180 },
): RgbFrame {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      data.set(paint((column + 0.5) / width, (row + 0.5) / height), (row * width + column) * 3);
    }
  }
  return { width, height, data };
}

/** A reproducible stream of numbers in 0 to 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Smooth, irregular texture that looks different everywhere: good for telling shifts apart. */
export function texture(x: number, y: number): number {
  const waves =
    Math.sin(31 * x + 7 * y) + Math.sin(13 * x - 23 * y) + Math.sin(47 * y + 3 * x) + Math.sin(67 * x);
  return 128 + 28 * waves;
}
