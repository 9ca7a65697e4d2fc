import { type SmallPicture, unitsPerLevel } from './picture.ts';

/** The translation by whole samples under which a coarse picture fits another one best, up to `reach` samples. */
export function searchShift(
  from: SmallPicture,
  to: SmallPicture,
  around: Shift,
  reach: number,
): Shift & { readonly cost: number } {
  const least = from.values.reduce((sum, value) => sum + (value < 0 ? 0 : 1), 0) / 4;
  let best = { ...around, cost: costOf(from, to, around, least) };
  for (let y = around.y - reach; y <= around.y + reach; y++) {
    for (let x = around.x - reach; x <= around.x + reach; x++) {
      const cost = costOf(from, to, { x, y }, least);
      if (cost < best.cost) best = { x, y, cost };
    }
  }
  return best;
}

export interface Shift {
  readonly x: number;
  readonly y: number;
}

/** Mean difference, cut at what says that something else is seen; shifts that leave little to compare are no candidates. */
function costOf(
  from: SmallPicture,
  to: SmallPicture,
  { x: shiftX, y: shiftY }: Shift,
  least: number,
): number {
  const { width, height, values } = from;
  const most = 24 * unitsPerLevel;
  const firstX = Math.max(0, -shiftX);
  const endX = Math.min(width, width - shiftX);
  let sum = 0;
  let count = 0;
  for (let y = Math.max(0, -shiftY); y < Math.min(height, height - shiftY); y++) {
    const here = y * width;
    const there = (y + shiftY) * width + shiftX;
    for (let x = firstX; x < endX; x++) {
      const a = values[here + x] ?? 0;
      const b = to.values[there + x] ?? 0;
      if (a < 0 || b < 0) continue;
      sum += Math.min(most, Math.abs(a - b));
      count++;
    }
  }
  return count < least ? Number.POSITIVE_INFINITY : sum / count;
}
