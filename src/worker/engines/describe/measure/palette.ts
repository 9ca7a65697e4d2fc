import { nameColour } from './colour-names.ts';
import { gridSide, type LabGrid, zoneOfCell } from './lab-grid.ts';
import { chromaOf } from './oklab.ts';

/** One named color: its share of the frame, 0 to 1, and how that share is spread over the nine zones (sum 1). */
export interface PaletteEntry {
  readonly name: string;
  readonly family: string;
  readonly share: number;
  readonly zones: readonly number[];
}

/** The colors of the frames. Chroma and the a and b axes are OKLab's. */
export interface PaletteMeasures {
  /** Every color that covers at least 1 % of the frame, largest first. */
  readonly entries: readonly PaletteEntry[];
  readonly meanChroma: number;
  /** Share of cells without visible color. */
  readonly neutralShare: number;
  /** Mean of `a + b`: blue, cyan and green are negative, red, orange and yellow positive; about -0.3 to 0.3. */
  readonly warmth: number;
}

/** Measures the colors over all frames together. */
export function measurePalette(grids: readonly LabGrid[]): PaletteMeasures {
  const tallies = new Map<string, Tally>();
  let chromaSum = 0;
  let neutral = 0;
  let warmthSum = 0;
  for (const grid of grids) {
    for (let cell = 0; cell < cellsPerGrid; cell++) {
      const lab = { light: grid.light[cell] ?? 0, a: grid.a[cell] ?? 0, b: grid.b[cell] ?? 0 };
      const chroma = chromaOf(lab);
      chromaSum += chroma;
      warmthSum += lab.a + lab.b;
      if (chroma < neutralChroma) neutral++;
      // One cell in four is plenty for shares, and naming is the costly part.
      if (isSampled(cell)) count(tallies, lab, cell);
    }
  }
  const cells = grids.length * cellsPerGrid;
  return {
    entries: toEntries(tallies, cells / 4),
    meanChroma: chromaSum / cells,
    neutralShare: neutral / cells,
    warmth: warmthSum / cells,
  };
}

interface Tally {
  readonly family: string;
  cells: number;
  readonly zones: Float64Array;
}

const cellsPerGrid = gridSide * gridSide;
const neutralChroma = 0.03;
const smallestShare = 0.01;

function isSampled(cell: number): boolean {
  return cell % 2 === 0 && Math.floor(cell / gridSide) % 2 === 0;
}

function count(tallies: Map<string, Tally>, lab: Parameters<typeof nameColour>[0], cell: number): void {
  const { name, family } = nameColour(lab);
  const tally = tallies.get(name) ?? { family, cells: 0, zones: new Float64Array(9) };
  const zone = zoneOfCell(cell);
  tally.cells++;
  tally.zones[zone] = (tally.zones[zone] ?? 0) + 1;
  tallies.set(name, tally);
}

function toEntries(tallies: Map<string, Tally>, total: number): PaletteEntry[] {
  return [...tallies]
    .map(([name, tally]) => ({
      name,
      family: tally.family,
      share: tally.cells / total,
      zones: Array.from(tally.zones, (cells) => cells / tally.cells),
    }))
    .filter((entry) => entry.share >= smallestShare)
    .sort((one, other) => other.share - one.share || (one.name < other.name ? -1 : 1));
}
