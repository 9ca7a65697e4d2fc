import { type ColourName, nameColour } from './colour-names.ts';
import type { LabGrid } from './lab-grid.ts';
import type { LumaPlane } from './luma-plane.ts';

/** Frames of one tone each; the tone may differ from frame to frame. */
export interface PlainFieldMeasures {
  /** Smallest share, over the frames, of cells near the frame's own mean tone, 0 to 1. */
  readonly plainShare: number;
  /** Largest share, over the frames, of pixels that stray from the frame's mean brightness: small lights do. */
  readonly strayShare: number;
  /** The mean tones of the first and the last frame. */
  readonly firstTone: ColourName;
  readonly lastTone: ColourName;
}

/** Compares each frame with itself only; `planes` are the frames' brightness, pixel by pixel. */
export function measurePlainField(
  first: LabGrid,
  rest: readonly LabGrid[],
  planes: readonly LumaPlane[],
): PlainFieldMeasures {
  const last = rest.at(-1) ?? first;
  return {
    plainShare: Math.min(...[first, ...rest].map(plainShareOf)),
    strayShare: Math.max(...planes.map(strayShareOf)),
    firstTone: nameColour(meanOf(first)),
    lastTone: nameColour(meanOf(last)),
  };
}

/** Distance in OKLab that passes for the same tone: compression noise stays below it. */
const sameTone = 0.04;
/** Steps of brightness, 0 to 255. */
const strayLuma = 16;

function plainShareOf(grid: LabGrid): number {
  const mean = meanOf(grid);
  let near = 0;
  for (const [cell, light] of grid.light.entries()) {
    const dLight = light - mean.light;
    const da = (grid.a[cell] ?? 0) - mean.a;
    const db = (grid.b[cell] ?? 0) - mean.b;
    if (dLight * dLight + da * da + db * db <= sameTone * sameTone) near++;
  }
  return near / grid.light.length;
}

function strayShareOf({ data }: LumaPlane): number {
  let sum = 0;
  for (const luma of data) sum += luma;
  const mean = sum / data.length;
  let stray = 0;
  for (const luma of data) if (Math.abs(luma - mean) > strayLuma) stray++;
  return stray / data.length;
}

function meanOf({ light, a, b }: LabGrid) {
  return { light: average(light), a: average(a), b: average(b) };
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
