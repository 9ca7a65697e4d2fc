import { gridSide, type LabGrid, zoneOfCell } from './lab-grid.ts';

/** How bright the frames are, and where. Lightness runs from 0 to 1; shares are of the frame, 0 to 1. */
export interface LightMeasures {
  readonly mean: number;
  /** Lightness between the 3rd and the 97th percentile of one frame, averaged over the frames. */
  readonly range: number;
  /** Share of cells darker than 0.3. */
  readonly shadowShare: number;
  /** Share of cells lighter than 0.8. */
  readonly highlightShare: number;
  /** Mean lightness of the nine zones, row by row. */
  readonly zones: readonly number[];
  /** Mean lightness of the brightest frame minus that of the darkest. */
  readonly swing: number;
}

/** Measures the light of each frame and averages: no range or share compares one frame with another. */
export function measureLight(grids: readonly LabGrid[]): LightMeasures {
  const zoneSums = new Float64Array(9);
  const means: number[] = [];
  let range = 0;
  let shadows = 0;
  let highlights = 0;
  for (const grid of grids) {
    const histogram = new Float64Array(levels);
    let sum = 0;
    for (const [cell, light] of grid.light.entries()) {
      const level = Math.max(0, Math.min(levels - 1, Math.floor(light * levels)));
      histogram[level] = (histogram[level] ?? 0) + 1;
      const zone = zoneOfCell(cell);
      zoneSums[zone] = (zoneSums[zone] ?? 0) + light;
      sum += light;
    }
    means.push(sum / cellsPerGrid);
    range += percentile(histogram, 0.97 * cellsPerGrid) - percentile(histogram, 0.03 * cellsPerGrid);
    shadows += countBetween(histogram, 0, 0.3);
    highlights += countBetween(histogram, 0.8, 1);
  }
  const cells = grids.length * cellsPerGrid;
  return {
    mean: means.reduce((sum, mean) => sum + mean, 0) / grids.length,
    range: range / grids.length,
    shadowShare: shadows / cells,
    highlightShare: highlights / cells,
    zones: Array.from(zoneSums, (zoneSum) => (zoneSum * 9) / cells),
    swing: Math.max(...means) - Math.min(...means),
  };
}

const levels = 200;
const cellsPerGrid = gridSide * gridSide;

function percentile(histogram: Float64Array, rank: number): number {
  let seen = 0;
  for (const [level, count] of histogram.entries()) {
    seen += count;
    if (seen >= rank) return (level + 0.5) / levels;
  }
  return 1;
}

function countBetween(histogram: Float64Array, from: number, to: number): number {
  return histogram
    .slice(Math.round(from * levels), Math.round(to * levels))
    .reduce((sum, count) => sum + count, 0);
}
