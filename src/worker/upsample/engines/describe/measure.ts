import type { RgbFrame } from '../../../../ports/media-tool.ts';
import { type Grid, meanOf, toGrid, zoneMeans } from './grid.ts';
import { type Motion, measureMotion } from './motion.ts';
import { grade, nameColour, type Place, peakOf } from './naming.ts';
import { measurePalette, type Palette } from './palette.ts';

/** What can be said about the frames of a clip. The thresholds were set by eye on clips of known content. */
export interface Measures {
  readonly level: (typeof levels)[number];
  /** False when the frames differ so much in light that a level would tell of none of them. */
  readonly isSteady: boolean;
  /** Where the light is: nearly the same everywhere, in one place, or here and there. */
  readonly spread: 'even' | 'placed' | 'varied';
  readonly brightest: Place;
  readonly contrast: (typeof contrasts)[number];
  readonly palette: Palette;
  readonly detail: (typeof details)[number];
  /** Whether there is a sharp step of brightness anywhere. */
  readonly hasEdges: boolean;
  /** Where most of the detail is. */
  readonly focus: Place;
  /** The colours of the first and the last frame when each frame is of one tone; null for any other picture. */
  readonly tones: readonly [first: string, last: string] | null;
  /** Null for a single frame. */
  readonly motion: Motion | null;
}

/**
 * Measures the frames of a clip, in order, on a small grid.
 *
 * @param frames - All of the same size, with a full buffer each.
 */
export function measure(frames: readonly [RgbFrame, ...RgbFrame[]]): Measures {
  const first = toGrid(frames[0]);
  const grids = [first, ...frames.slice(1).map(toGrid)];
  const edgeShare = meanOf(grids.map(({ detail }) => meanOf(detail.map((step) => Number(step > edgeStep)))));
  const range = meanOf(grids.map(({ light }) => rangeOf(light)));
  return {
    ...measureLight(grids.map(({ light }) => light)),
    contrast: grade(range, [0.15, 0.35, 0.65], contrasts),
    palette: measurePalette(grids),
    detail: grade(edgeShare, [0.02, 0.15, 0.4], details),
    hasEdges: edgeShare > 0.002,
    focus: focusOf(zoneMeans(grids.map(({ detail }) => detail))),
    tones: grids.every(isPlain) ? [toneOf(first), toneOf(grids.at(-1) ?? first)] : null,
    motion: measureMotion(grids),
  };
}

const levels = ['black', 'low', 'balanced', 'bright', 'white'] as const;
const contrasts = ['flat', 'soft', 'clear', 'strong'] as const;
const details = ['smooth', 'sparse', 'rich', 'dense'] as const;

/** Mean step of brightness from pixel to pixel at which a cell has an edge in it. */
const edgeStep = 0.05;

function measureLight(lights: readonly Float64Array[]) {
  const means = lights.map(meanOf);
  const zones = zoneMeans(lights);
  // A difference that the eye would not notice is none.
  const isEven = Math.max(...zones) - Math.min(...zones) < 0.1;
  const brightest = isEven ? null : peakOf(zones);
  const spread: Measures['spread'] = isEven ? 'even' : brightest ? 'placed' : 'varied';
  const level = grade(meanOf(means), [0.1, 0.37, 0.63, 0.85], levels);
  return { level, isSteady: Math.max(...means) - Math.min(...means) < 0.25, spread, brightest };
}

/** Between the darkest and the lightest few cells. */
function rangeOf(light: Float64Array): number {
  const sorted = light.toSorted();
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? 0;
  return at(0.97) - at(0.03);
}

/** Detail that is spread evenly has no focus. */
function focusOf(zones: readonly number[]): Place {
  return Math.max(...zones) > 2 * Math.min(...zones) ? (peakOf(zones) ?? 'in several places') : null;
}

/** Whether no cell strays from the frame's mean, and none has anything in it. */
function isPlain({ red, green, blue, detail }: Grid): boolean {
  const isFlat = (values: Float64Array, mean = meanOf(values)) =>
    values.every((value) => Math.abs(value - mean) < 0.06);
  return detail.every((step) => step < edgeStep) && isFlat(red) && isFlat(green) && isFlat(blue);
}

function toneOf({ red, green, blue }: Grid): string {
  return nameColour(meanOf(red), meanOf(green), meanOf(blue)).name;
}
