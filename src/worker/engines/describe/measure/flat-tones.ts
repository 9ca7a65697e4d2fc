import { gridSide, type LabGrid, zoneOfCell } from './lab-grid.ts';

/** How far a frame is painted in a few flat tones, as a segmentation map is. Shares are of that frame, 0 to 1. */
export interface FlatToneMeasures {
  /** Share that the twelve commonest tones cover together. */
  readonly coveredShare: number;
  /** How many tones cover at least 1.5 % of the frame each. */
  readonly count: number;
  /** Share of the commonest tone, and how it is spread over the nine zones (sum 1). */
  readonly largestShare: number;
  readonly largestZones: readonly number[];
  /** Share of places where the color changes gradually: next to none between painted areas. */
  readonly slopeShare: number;
}

/**
 * Counts tones (cells whose color is the same to within about 0.02 in OKLab) in each frame by itself, and tells of
 * the frame that has most of them.
 */
export function measureFlatTones(first: LabGrid, rest: readonly LabGrid[]): FlatToneMeasures {
  return rest
    .map(measureFrame)
    .reduce((most, each) => (each.count > most.count ? each : most), measureFrame(first));
}

const mostTones = 12;
const smallestArea = 0.015;
const toneWidth = 0.02;

function measureFrame(grid: LabGrid): FlatToneMeasures {
  const tones = new Map<number, { cells: number; readonly zones: Float64Array }>();
  let cells = 0;
  // An odd step visits every column in turn; a fifth of the cells is plenty for shares.
  for (let cell = 0; cell < grid.light.length; cell += 5) {
    const tone = toneOf(grid.light[cell] ?? 0, grid.a[cell] ?? 0, grid.b[cell] ?? 0);
    const tally = tones.get(tone) ?? { cells: 0, zones: new Float64Array(9) };
    const zone = zoneOfCell(cell);
    tally.cells++;
    tally.zones[zone] = (tally.zones[zone] ?? 0) + 1;
    tones.set(tone, tally);
    cells++;
  }
  const ranked = [...tones.values()].sort((one, other) => other.cells - one.cells);
  const largest = ranked[0];
  return {
    coveredShare: ranked.slice(0, mostTones).reduce((sum, tone) => sum + tone.cells, 0) / cells,
    count: ranked.filter((tone) => tone.cells / cells >= smallestArea).length,
    largestShare: (largest?.cells ?? 0) / cells,
    largestZones: Array.from(largest?.zones ?? new Float64Array(9), (count) => count / (largest?.cells ?? 1)),
    slopeShare: measureSlopes(grid),
  };
}

/** Compares cells a twelfth of the frame apart: a slope differs a little there, an area not at all, a border much. */
function measureSlopes(grid: LabGrid): number {
  let slopes = 0;
  let places = 0;
  for (let y = 0; y < gridSide - apart; y += 2) {
    for (let x = 0; x < gridSide - apart; x += 2) {
      const cell = y * gridSide + x;
      const across = distance(grid, cell, cell + apart);
      const down = distance(grid, cell, cell + apart * gridSide);
      if (isSlope(across) || isSlope(down)) slopes++;
      places++;
    }
  }
  return slopes / places;
}

const apart = gridSide / 12;

function isSlope(difference: number): boolean {
  return difference > 0.006 && difference < 0.04;
}

function distance(grid: LabGrid, one: number, other: number): number {
  const light = (grid.light[one] ?? 0) - (grid.light[other] ?? 0);
  const a = (grid.a[one] ?? 0) - (grid.a[other] ?? 0);
  const b = (grid.b[one] ?? 0) - (grid.b[other] ?? 0);
  return Math.sqrt(light * light + a * a + b * b);
}

function toneOf(light: number, a: number, b: number): number {
  const index = (value: number) => Math.round(value / toneWidth) + 64;
  return (index(light) * 256 + index(a)) * 256 + index(b);
}
