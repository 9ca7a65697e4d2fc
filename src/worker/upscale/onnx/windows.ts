import type { Size } from '../../../core/hints/display-size.ts';
import type { Samples } from './runtime.ts';
import type { Span } from './tiles.ts';

/** A frame: RGB, interleaved, row by row. */
export interface Picture extends Size {
  readonly samples: Samples;
}

/** A window of a picture, in its pixels; it may reach beyond its right and lower edge. */
interface Window extends Size {
  readonly x: number;
  readonly y: number;
}

/**
 * Copies a window of a picture. Beyond the edges the last column and row are repeated.
 *
 * @param to - As large as the window.
 */
export function copyWindow(to: Samples, from: Picture, window: Window): void {
  const { samples } = from;
  const inside = 3 * Math.min(window.width, from.width - window.x);
  const width = 3 * window.width;
  for (let y = 0; y < window.height; y++) {
    const row = Math.min(window.y + y, from.height - 1);
    const begin = (row * from.width + window.x) * 3;
    const at = y * width;
    to.set(samples.subarray(begin, begin + inside), at);
    for (let beyond = at + inside; beyond < at + width; beyond++) to[beyond] = to[beyond - 3] as number;
  }
}

/** What of a tile goes where, across or down; in pixels of the small picture. */
interface Crop {
  readonly columns: Span;
  readonly rows: Span;
  /** Size of the tile's window. */
  readonly window: Size;
  readonly scale: number;
}

/** Copies the core of an enlarged tile to its place in the large picture. */
export function copyCore(to: Picture, from: Samples, { columns, rows, window, scale }: Crop): void {
  const stride = 3 * window.width * scale;
  const left = 3 * (columns.begin - columns.windowBegin) * scale;
  const length = 3 * (columns.end - columns.begin) * scale;
  for (let y = rows.begin * scale; y < rows.end * scale; y++) {
    const begin = (y - rows.windowBegin * scale) * stride + left;
    to.samples.set(from.subarray(begin, begin + length), (y * to.width + columns.begin * scale) * 3);
  }
}
