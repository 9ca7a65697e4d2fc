import { gridSide, type LabGrid, zoneOfCell } from './lab-grid.ts';
import { findShift, type Shift } from './shift.ts';

/** What changes from frame to frame, averaged over all neighboring pairs. Shares are of the frame, 0 to 1. */
export interface MotionMeasures {
  /** Mean absolute change of lightness. */
  readonly meanChange: number;
  /** Share of cells that change visibly. */
  readonly changedShare: number;
  /** How many of the nine zones change visibly. */
  readonly changedZones: number;
  /** The zone that changes most. */
  readonly busiestZone: number;
  /** Share of the whole change that falls into the busiest zone. */
  readonly busiestShare: number;
  /** Mean lightness of the last frame minus that of the first. */
  readonly lightDrift: number;
  /** Of the visible changes, the share that goes the way of the drift: near 1 in a fade. */
  readonly driftAgreement: number;
  /** How far the picture as a whole moved, when that explains the change; null otherwise. */
  readonly shift: Shift | null;
}

/** Measures motion; null for a single frame, which says nothing about it. */
export function measureMotion(grids: readonly LabGrid[]): MotionMeasures | null {
  const first = grids[0];
  const last = grids.at(-1);
  if (!first || !last || grids.length < 2) return null;
  const lightDrift = meanOf(last.light) - meanOf(first.light);
  const tally = {
    change: 0,
    changed: 0,
    agreeing: 0,
    zones: new Float64Array(9),
    zonesChanged: new Float64Array(9),
  };
  for (const [index, grid] of grids.slice(1).entries()) {
    const before = grids[index] ?? first;
    for (const [cell, light] of grid.light.entries()) {
      const step = light - (before.light[cell] ?? 0);
      const change = Math.max(Math.abs(step), colourChange(before, grid, cell));
      const zone = zoneOfCell(cell);
      tally.change += change;
      tally.zones[zone] = (tally.zones[zone] ?? 0) + change;
      if (change < visibleChange) continue;
      tally.changed++;
      tally.zonesChanged[zone] = (tally.zonesChanged[zone] ?? 0) + 1;
      if (step * lightDrift > 0) tally.agreeing++;
    }
  }
  const cells = (grids.length - 1) * gridSide * gridSide;
  const changedZones = tally.zonesChanged.filter((count) => count > (cells / 9) * zoneShare).length;
  const busiestZone = tally.zones.indexOf(Math.max(...tally.zones));
  return {
    meanChange: tally.change / cells,
    changedShare: tally.changed / cells,
    changedZones,
    busiestZone,
    busiestShare: tally.change === 0 ? 0 : (tally.zones[busiestZone] ?? 0) / tally.change,
    lightDrift,
    driftAgreement: tally.changed === 0 ? 0 : tally.agreeing / tally.changed,
    // A thing that crosses a plain background also looks like a shift, but changes only part of the frame.
    shift: changedZones >= 6 ? meanShift(grids) : null,
  };
}

/** Smallest change of a cell that counts as one; video noise and compression stay below it. */
const visibleChange = 0.03;
/** Part of a zone's cells that must change for the zone to count. */
const zoneShare = 0.08;

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function colourChange(before: LabGrid, after: LabGrid, cell: number): number {
  const da = (after.a[cell] ?? 0) - (before.a[cell] ?? 0);
  const db = (after.b[cell] ?? 0) - (before.b[cell] ?? 0);
  return Math.sqrt(da * da + db * db);
}

/** The mean over all pairs, if every pair has a shift. */
function meanShift(grids: readonly LabGrid[]): Shift | null {
  let x = 0;
  let y = 0;
  for (const [index, grid] of grids.slice(1).entries()) {
    const shift = findShift(grids[index] ?? grid, grid);
    if (!shift) return null;
    x += shift.x;
    y += shift.y;
  }
  return { x: x / (grids.length - 1), y: y / (grids.length - 1) };
}
