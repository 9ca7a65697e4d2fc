import { gridSide, type LabGrid } from './lab-grid.ts';

/** How far the frames are painted in a few flat tones, as a segmentation map is. */
export interface FlatToneMeasures {
  /** Share of the frame, 0 to 1, that the twelve commonest tones cover together. */
  readonly coveredShare: number;
  /** How many tones cover at least 1.5 % of the frame each. */
  readonly count: number;
  /** Share of places, 0 to 1, where the color changes gradually: next to none between painted areas. */
  readonly slopeShare: number;
}

/** Counts tones: cells whose color is the same to within about 0.02 in OKLab. */
export function measureFlatTones(grids: readonly LabGrid[]): FlatToneMeasures {
  const cellsOfTone = new Map<number, number>();
  let cells = 0;
  for (const grid of grids) {
    // An odd step visits every column in turn; a fifth of the cells is plenty for shares.
    for (let cell = 0; cell < grid.light.length; cell += 5) {
      const tone = toneOf(grid.light[cell] ?? 0, grid.a[cell] ?? 0, grid.b[cell] ?? 0);
      cellsOfTone.set(tone, (cellsOfTone.get(tone) ?? 0) + 1);
      cells++;
    }
  }
  const shares = [...cellsOfTone.values()].map((count) => count / cells).sort((one, other) => other - one);
  return {
    coveredShare: shares.slice(0, mostTones).reduce((sum, share) => sum + share, 0),
    count: shares.filter((share) => share >= smallestArea).length,
    slopeShare: measureSlopes(grids),
  };
}

const mostTones = 12;
const smallestArea = 0.015;
const toneWidth = 0.02;

/** Compares cells a twelfth of the frame apart: a slope differs a little there, an area not at all, a border much. */
function measureSlopes(grids: readonly LabGrid[]): number {
  let slopes = 0;
  let places = 0;
  for (const grid of grids) {
    for (let y = 0; y < gridSide - apart; y += 2) {
      for (let x = 0; x < gridSide - apart; x += 2) {
        const cell = y * gridSide + x;
        const across = distance(grid, cell, cell + apart);
        const down = distance(grid, cell, cell + apart * gridSide);
        if (isSlope(across) || isSlope(down)) slopes++;
        places++;
      }
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
