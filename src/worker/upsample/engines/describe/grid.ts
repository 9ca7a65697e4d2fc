import type { RgbFrame } from '../../../../ports/media-tool.ts';

/** Cells along each side of a {@link Grid}, whatever the frame's shape; a multiple of three. */
export const gridSide = 72;

/** A frame averaged into `gridSide` x `gridSide` cells, row by row. All values are 0 to 1. */
export interface Grid {
  readonly red: Float64Array;
  readonly green: Float64Array;
  readonly blue: Float64Array;
  readonly light: Float64Array;
  /** Mean step of brightness from a pixel to its neighbours. */
  readonly detail: Float64Array;
}

/** Averages a frame into cells. Frames smaller than the grid repeat their pixels. */
export function toGrid(frame: RgbFrame): Grid {
  const channel = () => new Float64Array(gridSide * gridSide);
  const grid = { red: channel(), green: channel(), blue: channel(), light: channel(), detail: channel() };
  // Of large frames only some pixels are looked at, so that they cost no more than small ones.
  const step = Math.ceil(Math.max(frame.width, frame.height) / mostSamples);
  const columns = samplesOf(frame.width, step);
  for (const [row, ys] of samplesOf(frame.height, step).entries()) {
    for (const [column, xs] of columns.entries()) {
      fillCell(grid, row * gridSide + column, frame, { xs, ys, step });
    }
  }
  return grid;
}

/** Which ninth of the frame a cell lies in: 0 upper left, 2 upper right, 4 center, 8 lower right. */
export function zoneOf(cell: number): number {
  const third = gridSide / 3;
  return 3 * Math.floor(cell / gridSide / third) + Math.floor((cell % gridSide) / third);
}

/** The mean of the cells in each of the nine zones, over all planes. */
export function zoneMeans(planes: readonly Float64Array[]): number[] {
  const means = new Array<number>(9).fill(0);
  for (const plane of planes) {
    for (let cell = 0; cell < plane.length; cell++) {
      const zone = zoneOf(cell);
      means[zone] = (means[zone] ?? 0) + (9 * (plane[cell] ?? 0)) / (plane.length * planes.length);
    }
  }
  return means;
}

export function meanOf(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return sum / values.length;
}

const mostSamples = 320;

/** Which pixels are looked at for each cell along a side of the frame: at least one. */
function samplesOf(length: number, step: number): number[][] {
  return Array.from({ length: gridSide }, (_, index) => {
    const start = Math.floor((index * length) / gridSide);
    const end = Math.max(start + 1, Math.floor(((index + 1) * length) / gridSide));
    return Array.from({ length: Math.ceil((end - start) / step) }, (_, sample) => start + sample * step);
  });
}

interface Samples {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly step: number;
}

function fillCell(grid: Grid, cell: number, frame: RgbFrame, { xs, ys, step }: Samples): void {
  const { width, height, data } = frame;
  let [red, green, blue, detail] = [0, 0, 0, 0];
  for (const y of ys) {
    for (const x of xs) {
      const at = 3 * (y * width + x);
      red += data[at] ?? 0;
      green += data[at + 1] ?? 0;
      blue += data[at + 2] ?? 0;
      const here = lumaAt(data, at);
      if (x + step < width) detail += Math.abs(lumaAt(data, at + 3 * step) - here);
      if (y + step < height) detail += Math.abs(lumaAt(data, at + 3 * step * width) - here);
    }
  }
  const scale = 1 / (255 * xs.length * ys.length);
  [red, green, blue] = [red * scale, green * scale, blue * scale];
  grid.red[cell] = red;
  grid.green[cell] = green;
  grid.blue[cell] = blue;
  // Luma alone would call a saturated blue nearly black.
  grid.light[cell] = (2 * (0.299 * red + 0.587 * green + 0.114 * blue) + Math.max(red, green, blue)) / 3;
  grid.detail[cell] = detail * scale;
}

/** Rec. 601 luma, 0 to 255. */
function lumaAt(data: Uint8Array, at: number): number {
  return (77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0)) / 256;
}
