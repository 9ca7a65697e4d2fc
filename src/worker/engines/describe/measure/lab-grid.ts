import type { RgbFrame } from '../../../../ports/media-tool.ts';
import { toOklab } from './oklab.ts';

/** Cells along each side of a {@link LabGrid}, whatever the frame's shape; a multiple of three. */
export const gridSide = 96;

/** A frame averaged into `gridSide` x `gridSide` cells of OKLab, row by row. */
export interface LabGrid {
  readonly light: Float64Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** Averages a frame into cells. Frames smaller than the grid repeat their pixels. */
export function toLabGrid(frame: RgbFrame): LabGrid {
  const grid = emptyGrid();
  const columns = spansOf(frame.width);
  const rows = spansOf(frame.height);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      const [red, green, blue] = averageBox(frame, column, row);
      const lab = toOklab(red, green, blue);
      const cell = y * gridSide + x;
      grid.light[cell] = lab.light;
      grid.a[cell] = lab.a;
      grid.b[cell] = lab.b;
    }
  }
  return grid;
}

/** Which ninth of the frame a cell lies in: 0 upper left, 2 upper right, 4 center, 8 lower right. */
export function zoneOfCell(cell: number): number {
  const third = gridSide / 3;
  const row = Math.floor(Math.floor(cell / gridSide) / third);
  return row * 3 + Math.floor((cell % gridSide) / third);
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** Boxes of large frames are sampled, not summed: cost stays the same at any size. */
  readonly step: number;
}

const maxSamplesPerSide = 4;

function emptyGrid(): LabGrid {
  const cells = gridSide * gridSide;
  return { light: new Float64Array(cells), a: new Float64Array(cells), b: new Float64Array(cells) };
}

function spansOf(length: number): Span[] {
  return Array.from({ length: gridSide }, (_, index) => {
    const start = Math.floor((index * length) / gridSide);
    const end = Math.max(start + 1, Math.floor(((index + 1) * length) / gridSide));
    return { start, end, step: Math.max(1, Math.ceil((end - start) / maxSamplesPerSide)) };
  });
}

function averageBox(frame: RgbFrame, column: Span, row: Span): [number, number, number] {
  let red = 0;
  let green = 0;
  let blue = 0;
  let count = 0;
  for (let y = row.start; y < row.end; y += row.step) {
    for (let x = column.start; x < column.end; x += column.step) {
      const at = (y * frame.width + x) * 3;
      red += frame.data[at] ?? 0;
      green += frame.data[at + 1] ?? 0;
      blue += frame.data[at + 2] ?? 0;
      count++;
    }
  }
  return [red / count, green / count, blue / count];
}
