type Names<Name> = readonly [Name, ...Name[]];

/** The name of the first limit above the value, else the last name. */
export function grade<Name>(value: number, limits: readonly number[], names: Names<Name>): Name {
  return names.at(limits.findIndex((limit) => value < limit)) ?? names[0];
}

/** Where something lies in the frame, as an adverbial that fits after a noun or a verb; null when it is everywhere. */
export type Place = string | null;

/** Where the center of something is, given how much of it lies in each of the nine zones, row by row. */
export function placeOf(weights: readonly number[]): Place {
  const sum = (...zones: number[]) => zones.reduce((total, zone) => total + (weights[zone] ?? 0), 0);
  const total = sum(0, 1, 2, 3, 4, 5, 6, 7, 8);
  const across = sideOf((sum(2, 5, 8) - sum(0, 3, 6)) / total, 'left', 'right');
  const down = sideOf((sum(6, 7, 8) - sum(0, 1, 2)) / total, 'upper', 'lower');
  if (across) return down ? `in the ${down} ${across}` : `on the ${across}`;
  if (down) return `in the ${down} part`;
  return sum(4) > 0.4 * total ? 'in the center' : null;
}

/** Like {@link placeOf}, for a measure that no zone is without: what rises above the lowest zone counts. */
export function peakOf(levels: readonly number[]): Place {
  const lowest = Math.min(...levels);
  return placeOf(levels.map((level) => level - lowest));
}

function sideOf<Side>(balance: number, first: Side, second: Side): Side | null {
  if (balance < -0.3) return first;
  return balance > 0.3 ? second : null;
}

/** A colour with a word for it: its brightness, and how far blue and red lie above that. */
export interface NamedColour {
  readonly name: string;
  readonly luma: number;
  readonly blueness: number;
  readonly redness: number;
}

/** The nearest of the named samples below; `red`, `green` and `blue` are 0 to 1. */
export function nameColour(red: number, green: number, blue: number): NamedColour {
  const chroma = Math.max(red, green, blue) - Math.min(red, green, blue);
  const here = toSample('', red, green, blue);
  // A gray is a gray, however near a tinted sample lies.
  const candidates = chroma < neutralChroma ? neutralSamples : samples;
  let [nearest, least] = [here, Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const difference = distance(candidate, here);
    if (difference < least) [nearest, least] = [candidate, difference];
  }
  return nearest;
}

/** How different two colours look: 0 is the same, 0.15 a difference of shade, 0.5 of hue. */
export function distance(one: NamedColour, other: NamedColour): number {
  // People forgive "blue" a wrong brightness sooner than a wrong hue.
  const luma = 0.6 * (one.luma - other.luma);
  const [blueness, redness] = [one.blueness - other.blueness, one.redness - other.redness];
  return Math.sqrt(luma * luma + blueness * blueness + redness * redness);
}

/** Below this difference of the strongest and the weakest channel there is no visible tint. */
export const neutralChroma = 0.06;

function toSample(name: string, red: number, green: number, blue: number): NamedColour {
  const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
  return { name, luma, blueness: blue - luma, redness: red - luma };
}

/** sRGB samples of each name. */
const namedSamples: Readonly<Record<string, readonly number[]>> = {
  black: [0x000000, 0x141416],
  charcoal: [0x333437, 0x4c4c4c],
  gray: [0x6c6c6c, 0x808080, 0x989898],
  'light gray': [0xb8b8b8],
  white: [0xe8e8e8, 0xffffff],
  'slate gray': [0x5f6f82],
  'dark brown': [0x3b2618],
  brown: [0x6e4524],
  tan: [0xc2a47c, 0xa08468],
  cream: [0xdccbac, 0xf6ecd0],
  maroon: [0x5c0f14],
  red: [0xb81434, 0xd81e1e, 0xff0000],
  peach: [0xf8c4a0],
  orange: [0xf58a1e, 0xff6a00, 0xf58468],
  amber: [0xa87c28, 0xd99a1c, 0xe8c030],
  yellow: [0xffff00, 0xf0dc3c, 0xf8f2a4],
  olive: [0x5c5a22, 0x7c8a3c],
  green: [0x2e9a3c, 0x00ff00, 0xa0e020],
  'dark green': [0x143c1e],
  'pale green': [0x9cae90, 0xa4e8bc],
  teal: [0x126e70],
  turquoise: [0x3cc8bc],
  cyan: [0x00ffff],
  'sky blue': [0x78b8ec],
  'pale blue': [0xc0d6f0],
  blue: [0x1e84e0, 0x2450c8, 0x0000ff],
  'deep blue': [0x1e3a8a],
  navy: [0x101c4c],
  violet: [0x7a3cd8],
  purple: [0x7a1e8a],
  'deep purple': [0x2e103c],
  lavender: [0xbca8e4],
  magenta: [0xff00ff, 0xc81e96],
  pink: [0xf850a0, 0xf4a4bc, 0xbc8080],
};

const samples = Object.entries(namedSamples).flatMap(([name, values]) =>
  values.map((rgb) => toSample(name, (rgb >> 16) / 255, ((rgb >> 8) & 255) / 255, (rgb & 255) / 255)),
);

const neutralNames = ['black', 'charcoal', 'gray', 'light gray', 'white'];
const neutralSamples = samples.filter(({ name }) => neutralNames.includes(name));
