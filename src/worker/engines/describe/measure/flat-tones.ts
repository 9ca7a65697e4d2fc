import type { LabGrid } from './lab-grid.ts';

/** How far the frames are painted in a few flat tones, as a segmentation map is. */
export interface FlatToneMeasures {
  /** Share of the frame, 0 to 1, that the twelve commonest tones cover together. */
  readonly coveredShare: number;
  /** How many tones cover at least 1.5 % of the frame each. */
  readonly count: number;
}

/** Counts tones: cells whose color is the same to within about 0.02 in OKLab. */
export function measureFlatTones(grids: readonly LabGrid[]): FlatToneMeasures {
  const cellsOfTone = new Map<number, number>();
  let cells = 0;
  for (const grid of grids) {
    for (const [cell, light] of grid.light.entries()) {
      const tone = toneOf(light, grid.a[cell] ?? 0, grid.b[cell] ?? 0);
      cellsOfTone.set(tone, (cellsOfTone.get(tone) ?? 0) + 1);
      cells++;
    }
  }
  const shares = [...cellsOfTone.values()].map((count) => count / cells).sort((one, other) => other - one);
  return {
    coveredShare: shares.slice(0, mostTones).reduce((sum, share) => sum + share, 0),
    count: shares.filter((share) => share >= smallestArea).length,
  };
}

const mostTones = 12;
const smallestArea = 0.015;
const toneWidth = 0.02;

function toneOf(light: number, a: number, b: number): number {
  const index = (value: number) => Math.round(value / toneWidth) + 64;
  return (index(light) * 256 + index(a)) * 256 + index(b);
}
