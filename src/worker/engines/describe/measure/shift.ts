import { gridSide, type LabGrid } from './lab-grid.ts';

/** How far a picture moved, as shares of its width and height; positive is to the right and down. */
export interface Shift {
  readonly x: number;
  readonly y: number;
}

/**
 * Finds the shift that turns one frame into the next, by trying every shift up to about a sixth of the frame.
 * Null when no shift explains most of the change, or the best one is none at all.
 */
export function findShift(before: LabGrid, after: LabGrid): Shift | null {
  const still = differenceAt(before.light, after.light, 0, 0);
  let best = still;
  let bestX = 0;
  let bestY = 0;
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const difference = differenceAt(before.light, after.light, x, y);
      if (difference >= best) continue;
      best = difference;
      bestX = x;
      bestY = y;
    }
  }
  const isExplained = best < still * explainedRest && (bestX !== 0 || bestY !== 0);
  return isExplained ? { x: bestX / gridSide, y: bestY / gridSide } : null;
}

const reach = 15;
/** What may remain of the difference for a shift to count as its cause. */
const explainedRest = 0.5;

/** Mean absolute difference of lightness where both frames overlap, on every second row and column. */
function differenceAt(before: Float64Array, after: Float64Array, shiftX: number, shiftY: number): number {
  const left = Math.max(0, shiftX);
  const right = Math.min(gridSide, gridSide + shiftX);
  const top = Math.max(0, shiftY);
  const bottom = Math.min(gridSide, gridSide + shiftY);
  let sum = 0;
  let count = 0;
  for (let y = top; y < bottom; y += 2) {
    const rowBefore = (y - shiftY) * gridSide - shiftX;
    const row = y * gridSide;
    for (let x = left; x < right; x += 2) {
      sum += Math.abs((after[row + x] ?? 0) - (before[rowBefore + x] ?? 0));
      count++;
    }
  }
  return sum / count;
}
