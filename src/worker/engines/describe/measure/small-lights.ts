import type { RgbFrame } from '../../../../ports/media-tool.ts';
import { nameColour } from './colour-names.ts';
import type { LightMeasures } from './light.ts';
import { toOklab } from './oklab.ts';

/** The pixels that stand out as light in a dark frame; too small for the grid, which averages them away. */
export interface SmallLightMeasures {
  /** Share of pixels, 0 to 1. */
  readonly share: number;
  /** The color they add to the dark around them, at full brightness; null without any. */
  readonly name: string | null;
  /** How they are spread over the nine zones (sum 1, or all 0 without any). */
  readonly zones: readonly number[];
}

/** Looks at no more than about 40,000 pixels of a frame, and at none unless nearly all of the frames is dark. */
export function measureSmallLights(
  frames: readonly RgbFrame[],
  { shadowShare }: Pick<LightMeasures, 'shadowShare'>,
): SmallLightMeasures {
  if (shadowShare < darkShare) return noLights;
  const tally: Tally = { lit: newSums(), unlit: newSums(), zones: new Float64Array(9) };
  for (const frame of frames) tallyFrame(frame, tally);
  const { lit, unlit } = tally;
  return {
    share: lit.pixels / Math.max(1, lit.pixels + unlit.pixels),
    name: lit.pixels === 0 ? null : nameOfLight(lit, unlit),
    zones: Array.from(tally.zones, (count) => (lit.pixels === 0 ? 0 : count / lit.pixels)),
  };
}

const noLights: SmallLightMeasures = { share: 0, name: null, zones: new Array<number>(9).fill(0) };
const darkShare = 0.85;
const samplesPerSide = 200;
/** The strongest of red, green and blue, 0 to 255: a saturated light is a light, however low its luma. */
const litValue = 120;

const fullBrightness = 235;

interface Sums {
  pixels: number;
  red: number;
  green: number;
  blue: number;
}

interface Tally {
  readonly lit: Sums;
  readonly unlit: Sums;
  readonly zones: Float64Array;
}

function newSums(): Sums {
  return { pixels: 0, red: 0, green: 0, blue: 0 };
}

function tallyFrame({ width, height, data }: RgbFrame, { lit, unlit, zones }: Tally): void {
  const stepX = Math.ceil(width / samplesPerSide);
  const stepY = Math.ceil(height / samplesPerSide);
  for (let y = 0; y < height; y += stepY) {
    for (let x = 0; x < width; x += stepX) {
      const at = (y * width + x) * 3;
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      const isLit = Math.max(red, green, blue) >= litValue;
      const sums = isLit ? lit : unlit;
      sums.pixels++;
      sums.red += red;
      sums.green += green;
      sums.blue += blue;
      if (!isLit) continue;
      const zone = 3 * Math.floor((3 * y) / height) + Math.floor((3 * x) / width);
      zones[zone] = (zones[zone] ?? 0) + 1;
    }
  }
}

/** Shrinking mixed the light with the dark around it: what it adds to the dark still has its hue. */
function nameOfLight(lit: Sums, unlit: Sums): string {
  const added = (channel: 'red' | 'green' | 'blue') =>
    Math.max(0, lit[channel] / lit.pixels - unlit[channel] / Math.max(1, unlit.pixels));
  const [red, green, blue] = [added('red'), added('green'), added('blue')];
  const { name, family } = nameAtFullBrightness(red, green, blue);
  const isNeutral = family === 'gray' || family === 'white';
  // Video keeps less color than light in points this small: a hint of yellow is more than a hint at the source.
  return isNeutral && blue < 0.95 * Math.min(red, green) ? 'warm white' : name;
}

function nameAtFullBrightness(red: number, green: number, blue: number) {
  const scale = fullBrightness / Math.max(1, red, green, blue);
  return nameColour(toOklab(red * scale, green * scale, blue * scale));
}
