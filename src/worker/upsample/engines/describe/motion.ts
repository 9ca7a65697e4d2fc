import { type Grid, gridSide, meanOf, zoneMeans } from './grid.ts';
import { peakOf } from './naming.ts';

/** What happens from frame to frame. `slide`: the picture moves as a whole, because the camera goes the other way. */
export type Motion =
  | { readonly kind: 'still' }
  | { readonly kind: 'local'; readonly isStrong: boolean; readonly place: string }
  | { readonly kind: 'slide'; readonly isStrong: boolean; readonly to: Direction }
  | { readonly kind: 'broad' | 'brighter' | 'darker'; readonly isStrong: boolean };

type Direction = 'left' | 'right' | 'up' | 'down';

/** Null for a single frame, which says nothing about motion. */
export function measureMotion(grids: readonly Grid[]): Motion | null {
  const [first, ...rest] = grids;
  const last = rest.at(-1);
  if (!first || !last) return null;
  const change = meanChange(first, rest);
  const changed = change.map((value) => Number(value >= visibleChange));
  const changedShare = meanOf(changed);
  if (changedShare < 0.0015) return { kind: 'still' };
  const isEverywhere = zoneMeans([changed]).filter((share) => share > 0.08).length >= 6;
  if (!isEverywhere) {
    const isStrong = changedShare > 0.06 && meanOf(change) > 0.02;
    return { kind: 'local', isStrong, place: peakOf(zoneMeans([change])) ?? 'in several places' };
  }
  const isStrong = meanOf(change) > 0.08;
  return fadeBetween(first, last, changed) ?? slideThrough(grids) ?? { kind: 'broad', isStrong };
}

/** Smallest change of a cell that counts as one; video noise and compression stay below it. */
const visibleChange = 0.04;

/** The mean change of each cell from one frame to the next: that of the colour channel that changes most. */
function meanChange(first: Grid, rest: readonly Grid[]): Float64Array {
  const sums = new Float64Array(gridSide * gridSide);
  let before = first;
  for (const after of rest) {
    for (let cell = 0; cell < sums.length; cell++) {
      const red = Math.abs((after.red[cell] ?? 0) - (before.red[cell] ?? 0));
      const green = Math.abs((after.green[cell] ?? 0) - (before.green[cell] ?? 0));
      const blue = Math.abs((after.blue[cell] ?? 0) - (before.blue[cell] ?? 0));
      sums[cell] = (sums[cell] ?? 0) + Math.max(red, green, blue) / rest.length;
    }
    before = after;
  }
  return sums;
}

/** In a fade, nearly all that changes gets lighter, or nearly all gets darker. */
function fadeBetween(first: Grid, last: Grid, changed: Float64Array): Motion | null {
  const drift = meanOf(last.light) - meanOf(first.light);
  const agrees = changed.map((isChanged, cell) => {
    const step = (last.light[cell] ?? 0) - (first.light[cell] ?? 0);
    return isChanged * Number(step * drift > 0);
  });
  if (Math.abs(drift) < 0.04 || meanOf(agrees) < 0.9 * meanOf(changed)) return null;
  return { kind: drift > 0 ? 'brighter' : 'darker', isStrong: Math.abs(drift) > 0.3 };
}

/** The mean shift from frame to frame, if a shift explains every pair. */
function slideThrough(grids: readonly Grid[]): Motion | null {
  let [x, y] = [0, 0];
  for (const [index, after] of grids.slice(1).entries()) {
    const shift = findShift((grids[index] ?? after).light, after.light);
    if (!shift) return null;
    x += shift.x / (grids.length - 1);
    y += shift.y / (grids.length - 1);
  }
  const isAcross = Math.abs(x) >= Math.abs(y);
  const isStrong = Math.max(Math.abs(x), Math.abs(y)) > 0.08 * gridSide;
  if (isAcross) return { kind: 'slide', isStrong, to: x > 0 ? 'right' : 'left' };
  return { kind: 'slide', isStrong, to: y > 0 ? 'down' : 'up' };
}

/** The shift of up to a sixth of the frame, in cells, that halves the difference at least; null without one. */
function findShift(before: Float64Array, after: Float64Array): { x: number; y: number } | null {
  const reach = gridSide / 6;
  const unshifted = differenceAt(before, after, 0, 0);
  let [best, bestX, bestY] = [unshifted / 2, 0, 0];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const difference = differenceAt(before, after, x, y);
      if (difference < best) [best, bestX, bestY] = [difference, x, y];
    }
  }
  return bestX === 0 && bestY === 0 ? null : { x: bestX, y: bestY };
}

/** Mean difference where both frames overlap, on every other row and column. */
function differenceAt(before: Float64Array, after: Float64Array, shiftX: number, shiftY: number): number {
  let [sum, count] = [0, 0];
  for (let y = Math.max(0, shiftY); y < gridSide + Math.min(0, shiftY); y += 2) {
    for (let x = Math.max(0, shiftX); x < gridSide + Math.min(0, shiftX); x += 2) {
      sum += Math.abs((after[y * gridSide + x] ?? 0) - (before[(y - shiftY) * gridSide + x - shiftX] ?? 0));
      count++;
    }
  }
  return sum / count;
}
