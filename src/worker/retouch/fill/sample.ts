import type { Layer } from './picture.ts';

/** -1 where it is not known. */
export function wholeSample({ samples, width, height, scale, hole }: Layer, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return -1;
  const at = y * width + x;
  return hole.unknown[at] === 1 ? -1 : scale * (samples[at] ?? 0);
}

/** By cubic interpolation (Keys 1981, a = -0.5); -1 where what it needs is not known. */
export function sample({ samples, width, height, scale, hole }: Layer, x: number, y: number): number {
  if (!(x >= 0 && y >= 0 && x < width && y < height)) return -1;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = top * width + left;
  if (hole.open[at] !== 1) return -1;
  const u = x - left;
  const v = y - top;
  const u0 = cubic(1 + u);
  const u1 = cubic(u);
  const u2 = cubic(1 - u);
  const u3 = 1 - u0 - u1 - u2;
  let sum = 0;
  for (let row = -1; row <= 2; row++) {
    const line = at + row * width;
    const own =
      u0 * (samples[line - 1] ?? 0) +
      u1 * (samples[line] ?? 0) +
      u2 * (samples[line + 1] ?? 0) +
      u3 * (samples[line + 2] ?? 0);
    sum += cubic(row < 0 ? 1 + v : row === 0 ? v : row === 1 ? 1 - v : 2 - v) * own;
  }
  return Math.max(0, scale * sum);
}

const sharpness = -0.5;

function cubic(distance: number): number {
  return distance < 1
    ? ((sharpness + 2) * distance - (sharpness + 3)) * distance * distance + 1
    : ((sharpness * distance - 5 * sharpness) * distance + 8 * sharpness) * distance - 4 * sharpness;
}
