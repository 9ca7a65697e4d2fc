import { gridSide, type LabGrid } from './lab-grid.ts';

/** Large-scale lines of the picture. Positions run from 0 (top or left) to 1 (bottom or right). */
export interface LayoutMeasures {
  /** Heights of lines that cross most of the frame's width, top to bottom. */
  readonly horizontals: readonly number[];
  /** Places of lines that cross most of the frame's height, left to right. */
  readonly verticals: readonly number[];
  /** How alike the left half and the mirrored right half are: 1 is a perfect mirror, 0 and below is none. */
  readonly symmetry: number;
}

/** Measures the layout of the first frame: lines that move would smear over several. */
export function measureLayout(grid: LabGrid): LayoutMeasures {
  return {
    horizontals: findLines((along, across) => grid.light[across * gridSide + along] ?? 0),
    verticals: findLines((along, across) => grid.light[along * gridSide + across] ?? 0),
    symmetry: measureSymmetry(grid.light),
  };
}

/** A step of lightness that the eye takes for a line, and the part of the line that must show it. */
const lineStep = 0.06;
const lineShare = 0.7;
/** On a ramp the lightness three cells out differs three times as much as one cell out; on a line hardly more. */
const steepness = 1.8;
/** Lines within this many cells of each other, or of the frame's border, are one, or none. */
const nearCells = 5;

/** Finds rows (in the caller's sense) where most cells step the same way. */
function findLines(lightAt: (along: number, across: number) => number): number[] {
  const lines: number[] = [];
  let lastAcross = 0;
  for (let across = nearCells; across < gridSide - nearCells; across++) {
    let up = 0;
    let down = 0;
    for (let along = 0; along < gridSide; along++) {
      const step = lightAt(along, across + 1) - lightAt(along, across - 1);
      const around = lightAt(along, across + 3) - lightAt(along, across - 3);
      if (Math.abs(around) > steepness * Math.abs(step)) continue;
      if (step > lineStep) up++;
      else if (step < -lineStep) down++;
    }
    if (Math.max(up, down) < lineShare * gridSide) continue;
    if (across - lastAcross > nearCells || lines.length === 0) lines.push(across / (gridSide - 1));
    lastAcross = across;
  }
  return lines;
}

function measureSymmetry(light: Float64Array): number {
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  let mirrored = 0;
  let spread = 0;
  for (let y = 0; y < gridSide; y++) {
    for (let x = 0; x < gridSide; x++) {
      const here = light[y * gridSide + x] ?? 0;
      const there = light[y * gridSide + gridSide - 1 - x] ?? 0;
      mirrored += (here - mean) * (there - mean);
      spread += (here - mean) * (here - mean);
    }
  }
  return spread < flatSpread ? 0 : mirrored / spread;
}

/** Below this sum of squares the frame is one tone, and a mirror would find nothing to match. */
const flatSpread = 0.0004 * gridSide * gridSide;
