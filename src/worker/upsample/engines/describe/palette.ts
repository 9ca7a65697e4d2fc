import { type Grid, zoneOf } from './grid.ts';
import {
  distance,
  grade,
  type NamedColour,
  nameColour,
  neutralChroma,
  type Place,
  placeOf,
} from './naming.ts';

/** One colour worth naming; its share is of the frame, 0 to 1. */
export interface PaletteColour {
  readonly name: string;
  readonly share: number;
  readonly place: Place;
}

/** The colours of all frames together. */
export interface Palette {
  /** One to three colours that differ clearly, largest first. */
  readonly colours: readonly PaletteColour[];
  /** How many colours cover at least 1.5 % of the frame. */
  readonly count: number;
  readonly saturation: 'neutral' | 'muted' | 'rich' | 'vivid';
  readonly temperature: 'warm' | 'cool' | 'balanced';
}

export function measurePalette(grids: readonly Grid[]): Palette {
  const counts = new Map<string, ColourCount>();
  let [cells, tinted, chroma, warmth] = [0, 0, 0, 0];
  for (const { red, green, blue } of grids) {
    // The odd step visits every column in turn; a seventh of the cells is plenty for shares.
    for (let cell = 0; cell < red.length; cell += 7) {
      const [r, g, b] = [red[cell] ?? 0, green[cell] ?? 0, blue[cell] ?? 0];
      const cellChroma = Math.max(r, g, b) - Math.min(r, g, b);
      cells++;
      chroma += cellChroma;
      warmth += r - b;
      if (cellChroma >= neutralChroma) tinted++;
      const colour = nameColour(r, g, b);
      const count = counts.get(colour.name) ?? { colour, cells: 0, zones: new Array<number>(9).fill(0) };
      count.cells++;
      count.zones[zoneOf(cell)] = (count.zones[zoneOf(cell)] ?? 0) + 1;
      counts.set(colour.name, count);
    }
  }
  const ranked = [...counts.values()].sort((one, other) => other.cells - one.cells);
  const isTinted = tinted > 0.03 * cells;
  return {
    colours: pickColours(ranked, cells),
    count: ranked.filter((count) => count.cells >= 0.015 * cells).length,
    saturation: isTinted ? grade(chroma / cells, [0.2, 0.45], ['muted', 'rich', 'vivid']) : 'neutral',
    temperature: grade(warmth / cells, [-0.04, 0.04], ['cool', 'balanced', 'warm']),
  };
}

interface ColourCount {
  readonly colour: NamedColour;
  cells: number;
  readonly zones: number[];
}

/** The largest colour, and up to two more that are large enough and different enough to be worth a word beside it. */
function pickColours([first, ...rest]: readonly ColourCount[], cells: number): PaletteColour[] {
  if (!first) return [];
  const picked = [first];
  // Tints tell more than grays.
  for (const each of rest.sort((one, other) => weightOf(other) - weightOf(one))) {
    const isDifferent = picked.every(({ colour }) => distance(colour, each.colour) >= 0.2);
    if (isDifferent && each.cells >= 0.05 * cells && picked.length < 3) picked.push(each);
  }
  return picked.map((each) => {
    return { name: each.colour.name, share: each.cells / cells, place: placeOf(each.zones) };
  });
}

function weightOf({ colour, cells }: ColourCount): number {
  return cells * (0.5 + Math.abs(colour.blueness) + Math.abs(colour.redness));
}
