import { type ColourName, nameColour } from './colour-names.ts';
import type { LabGrid } from './lab-grid.ts';
import type { LumaPlane } from './luma-plane.ts';

/** Frames of one tone each; the tone may differ from frame to frame. */
export interface PlainFieldMeasures {
  /** Whether each frame is of one tone: hardly a cell, and hardly a pixel, strays from its mean. */
  readonly isPlain: boolean;
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
  const firstMean = meanOf(first);
  const last = rest.at(-1);
  return {
    isPlain: [first, ...rest].every(isPlainGrid) && planes.every(isPlainPlane),
    firstTone: nameColour(firstMean),
    lastTone: nameColour(last ? meanOf(last) : firstMean),
  };
}

/** Distance in OKLab that passes for the same tone: compression noise stays below it. */
const sameTone = 0.04;
/** Share of cells that may be of another tone. */
const strayCells = 0.001;
/** Steps of brightness, 0 to 255, and the share of pixels that may differ by more: a small light has more. */
const strayLuma = 16;
const strayPixels = 0.0001;

function isPlainGrid(grid: LabGrid): boolean {
  const { light, a, b } = grid;
  const mean = meanOf(grid);
  const allowed = strayCells * light.length;
  let stray = 0;
  // Most pictures are not plain, and show it within a few rows.
  for (let cell = 0; cell < light.length && stray <= allowed; cell++) {
    const dLight = (light[cell] ?? 0) - mean.light;
    const da = (a[cell] ?? 0) - mean.a;
    const db = (b[cell] ?? 0) - mean.b;
    if (dLight * dLight + da * da + db * db > sameTone * sameTone) stray++;
  }
  return stray <= allowed;
}

function isPlainPlane({ data }: LumaPlane): boolean {
  const mean = data.reduce((sum, luma) => sum + luma, 0) / data.length;
  const stray = data.reduce((count, luma) => (Math.abs(luma - mean) > strayLuma ? count + 1 : count), 0);
  return stray <= strayPixels * data.length;
}

function meanOf({ light, a, b }: LabGrid) {
  return { light: average(light), a: average(a), b: average(b) };
}

function average(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return sum / values.length;
}
