import type { Size } from '../hints/display-size.ts';
import type { Box } from '../regions/place-region.ts';

/** Samples of one plane, row by row. */
export interface DetailPlane extends Size {
  readonly samples: Uint8Array | Uint16Array;
  /** The largest sample that there can be. */
  readonly top: number;
}

/** Steps between neighbours count up to this share of the whole range: a hard edge is no more detail than a texture. */
const mostStep = 0.15;
/** Smaller ones are noise, or what a codec left. */
const leastStep = 0.02;
/** So many places are tried along the side of a crop. */
const stepsOfCrop = 4;

/** How much detail is where, added up from the top left corner: that of any box is known by its corners. */
interface DetailSums extends Size {
  readonly sums: Float64Array;
}

/** How much detail a picture has, for each of its pixels: 0 for an even one. */
export function meanDetail(plane: DetailPlane): number {
  return detailIn(sumDetail(plane), { x: 0, y: 0, ...plane }) / Math.max(1, plane.width * plane.height);
}

/**
 * The boxes of a picture with the most detail, which lie apart from each other; fewer where there is no room for more. The same
 * picture always gives the same ones, and the richest comes first. Corners are even: chroma has half the samples.
 *
 * @param size - Of each box; cut down to the picture's.
 */
export function detailedCrops(plane: DetailPlane, size: Size, most: number): readonly Box[] {
  const width = Math.min(size.width, plane.width);
  const height = Math.min(size.height, plane.height);
  const sums = sumDetail(plane);
  const places: { box: Box; detail: number }[] = [];
  for (const y of placesAlong(plane.height, height))
    for (const x of placesAlong(plane.width, width)) {
      const box = { x, y, width, height };
      places.push({ box, detail: detailIn(sums, box) });
    }
  // Sorting keeps the order of equals: the upper left one is first.
  places.sort((one, other) => other.detail - one.detail);
  const chosen: Box[] = [];
  // Apart first; side by side where the picture has no room for that.
  for (const apart of [1, 0])
    for (const { box } of places) {
      if (chosen.length >= most) break;
      if (chosen.every((other) => areApart(box, other, apart))) chosen.push(box);
    }
  return chosen;
}

/** Even places from edge to edge. */
function placesAlong(whole: number, part: number): number[] {
  const last = (whole - part) & ~1;
  const step = Math.max(2, Math.floor(part / stepsOfCrop) & ~1);
  const places: number[] = [];
  for (let place = 0; place < last; place += step) places.push(place);
  return [...places, last];
}

/** @param apart - How much room has to lie between, in their own sides. */
function areApart(one: Box, other: Box, apart: number): boolean {
  const [across, down] = [one.width * (1 + apart), one.height * (1 + apart)];
  return Math.abs(one.x - other.x) >= across || Math.abs(one.y - other.y) >= down;
}

function sumDetail({ samples, width, height, top }: DetailPlane): DetailSums {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  const [least, most] = [leastStep * top, mostStep * top];
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const sample = samples[at] ?? 0;
      const across = x + 1 < width ? Math.abs((samples[at + 1] ?? 0) - sample) : 0;
      const down = y + 1 < height ? Math.abs((samples[at + width] ?? 0) - sample) : 0;
      const step = Math.min(most, Math.max(across, down)) / top;
      row += step * top < least ? 0 : step;
      sums[(y + 1) * stride + x + 1] = (sums[y * stride + x + 1] ?? 0) + row;
    }
  }
  return { sums, width, height };
}

function detailIn({ sums, width }: DetailSums, box: Box): number {
  const stride = width + 1;
  const at = (x: number, y: number) => sums[y * stride + x] ?? 0;
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  return at(right, bottom) - at(box.x, bottom) - at(right, box.y) + at(box.x, box.y);
}
