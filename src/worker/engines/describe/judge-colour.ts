import type { PaletteEntry, PaletteMeasures } from './measure/palette.ts';

/** Where a color lies; `all` when it has no place of its own. */
export type ColourPlace = 'left' | 'right' | 'top' | 'bottom' | 'center' | 'all';

/** One color worth naming. */
export interface ColourFact {
  readonly name: string;
  /** Share of the frame, 0 to 1. */
  readonly share: number;
  readonly place: ColourPlace;
}

/** What can be said about color. */
export interface ColourFacts {
  /** One to three colors of different families, largest first. */
  readonly colours: readonly [ColourFact, ...ColourFact[]];
  readonly saturation: 'neutral' | 'muted' | 'rich' | 'vivid';
  readonly temperature: 'warm' | 'cool' | 'even';
}

/** Picks the colors worth naming and judges the palette as a whole. */
export function judgeColour(palette: PaletteMeasures): ColourFacts {
  const [largest, ...rest] = palette.entries;
  // A picture of a thousand colors has none that is worth naming; gray is what they average to.
  const first = largest ? toFact(largest) : { name: 'gray', share: 0, place: 'all' as const };
  return {
    colours: [first, ...pickAccents(rest, new Set(largest ? [largest.family] : [])).map(toFact)],
    saturation: judgeSaturation(palette),
    temperature: judgeTemperature(palette),
  };
}

const smallestAccent = 0.05;
const mostAccents = 2;

/** The next largest colors whose words do not repeat a family. */
function pickAccents(entries: readonly PaletteEntry[], families: Set<string>): PaletteEntry[] {
  const accents: PaletteEntry[] = [];
  for (const entry of entries) {
    if (accents.length === mostAccents || entry.share < smallestAccent) break;
    if (families.has(entry.family)) continue;
    families.add(entry.family);
    accents.push(entry);
  }
  return accents;
}

/** A half of the frame (with half of the middle third) that holds four fifths of something, or the center. */
export function placeOf({ zones, share }: Pick<PaletteEntry, 'zones' | 'share'>): ColourPlace {
  if (share >= 0.8) return 'all';
  const sum = (...indices: number[]) => indices.reduce((total, index) => total + (zones[index] ?? 0), 0);
  if (sum(4) >= 0.45) return 'center';
  const sides = [
    ['left', sum(0, 3, 6) + sum(1, 4, 7) / 2],
    ['right', sum(2, 5, 8) + sum(1, 4, 7) / 2],
    ['top', sum(0, 1, 2) + sum(3, 4, 5) / 2],
    ['bottom', sum(6, 7, 8) + sum(3, 4, 5) / 2],
  ] as const;
  const strongest = sides.reduce((best, side) => (side[1] > best[1] ? side : best));
  return strongest[1] >= 0.8 ? strongest[0] : 'all';
}

function toFact(entry: PaletteEntry): ColourFact {
  return { name: entry.name, share: entry.share, place: placeOf(entry) };
}

function judgeSaturation({ meanChroma, neutralShare }: PaletteMeasures): ColourFacts['saturation'] {
  if (neutralShare >= 0.97) return 'neutral';
  if (meanChroma < 0.06) return 'muted';
  return meanChroma < 0.13 ? 'rich' : 'vivid';
}

function judgeTemperature({ warmth }: PaletteMeasures): ColourFacts['temperature'] {
  if (warmth > 0.02) return 'warm';
  return warmth < -0.02 ? 'cool' : 'even';
}
