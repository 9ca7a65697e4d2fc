import { gridSide, type LabGrid, zoneOfCell } from './lab-grid.ts';

/** How far a frame is painted in a few flat tones, as a segmentation map is. Shares are of that frame, 0 to 1. */
export interface FlatToneMeasures {
  /** Share that the twelve commonest tones cover together. */
  readonly coveredShare: number;
  /** How many tones cover at least 1.5 % of the frame each. */
  readonly count: number;
  /** Share of the commonest tone, and how it is spread over the nine zones (sum 1). */
  readonly largestShare: number;
  readonly largestZones: readonly number[];
  /** Share of places where the color changes gradually: next to none between painted areas. */
  readonly slopeShare: number;
}

/**
 * Counts tones (cells whose color is the same to within about 0.02 in OKLab) in each frame by itself, and tells of
 * the frame that has most of them.
 */
export function measureFlatTones(first: LabGrid, rest: readonly LabGrid[]): FlatToneMeasures {
  return rest
    .map(measureFrame)
    .reduce((most, each) => (each.count > most.count ? each : most), measureFrame(first));
}

const mostTones = 12;
const smallestArea = 0.015;
const toneWidth = 0.02;

function measureFrame(grid: LabGrid): FlatToneMeasures {
  const { tones, cells } = tallyTones(grid);
  const ranked = joinNeighbours(tones).sort((one, other) => other.cells - one.cells);
  const largest = ranked[0] ?? newTone();
  return {
    coveredShare: ranked.slice(0, mostTones).reduce((sum, tone) => sum + tone.cells, 0) / cells,
    count: ranked.filter((tone) => tone.cells / cells >= smallestArea).length,
    largestShare: largest.cells / cells,
    largestZones: Array.from(largest.zones, (count) => count / Math.max(1, largest.cells)),
    slopeShare: measureSlopes(grid),
  };
}

interface Tone {
  cells: number;
  readonly zones: Float64Array;
}

function newTone(): Tone {
  return { cells: 0, zones: new Float64Array(9) };
}

function byCells([, one]: readonly [number, Tone], [, other]: readonly [number, Tone]): number {
  return other.cells - one.cells;
}

function tallyTones(grid: LabGrid) {
  const tones = new Map<number, Tone>();
  let cells = 0;
  // An odd step visits every column in turn; a fifth of the cells is plenty for shares.
  for (let cell = 0; cell < grid.light.length; cell += 5) {
    const index = toneOf(grid.light[cell] ?? 0, grid.a[cell] ?? 0, grid.b[cell] ?? 0);
    const tone = tones.get(index) ?? newTone();
    const zone = zoneOfCell(cell);
    tone.cells++;
    tone.zones[zone] = (tone.zones[zone] ?? 0) + 1;
    tones.set(index, tone);
    cells++;
  }
  return { tones, cells };
}

/** Compression spreads one painted tone over neighboring steps: the lesser ones join the greatest beside them. */
function joinNeighbours(tones: ReadonlyMap<number, Tone>): Tone[] {
  const joined = new Map<number, Tone>();
  for (const [index, tone] of [...tones].sort(byCells).slice(0, mostSteps)) {
    const beside = neighbourOffsets.find((offset) => joined.has(index + offset));
    const target = beside === undefined ? newTone() : (joined.get(index + beside) ?? newTone());
    target.cells += tone.cells;
    for (const [zone, count] of tone.zones.entries()) target.zones[zone] = (target.zones[zone] ?? 0) + count;
    if (beside === undefined) joined.set(index, target);
  }
  return [...joined.values()];
}

const aroundZero = [-1, 0, 1];
const neighbourOffsets = aroundZero.flatMap((light) =>
  aroundZero.flatMap((a) => aroundZero.map((b) => (light * 256 + a) * 256 + b)),
);
/** Steps beyond these are too small to matter. */
const mostSteps = 64;

/** Compares cells a twelfth of the frame apart: a slope differs a little there, an area not at all, a border much. */
function measureSlopes(grid: LabGrid): number {
  let slopes = 0;
  let places = 0;
  for (let y = 0; y < gridSide - apart; y += 2) {
    for (let x = 0; x < gridSide - apart; x += 2) {
      const cell = y * gridSide + x;
      const across = distance(grid, cell, cell + apart);
      const down = distance(grid, cell, cell + apart * gridSide);
      if (isSlope(across) || isSlope(down)) slopes++;
      places++;
    }
  }
  return slopes / places;
}

const apart = gridSide / 12;

function isSlope(difference: number): boolean {
  return difference > 0.006 && difference < 0.04;
}

function distance(grid: LabGrid, one: number, other: number): number {
  const light = (grid.light[one] ?? 0) - (grid.light[other] ?? 0);
  const a = (grid.a[one] ?? 0) - (grid.a[other] ?? 0);
  const b = (grid.b[one] ?? 0) - (grid.b[other] ?? 0);
  return Math.sqrt(light * light + a * a + b * b);
}

function toneOf(light: number, a: number, b: number): number {
  const index = (value: number) => Math.round(value / toneWidth) + 64;
  return (index(light) * 256 + index(a)) * 256 + index(b);
}
