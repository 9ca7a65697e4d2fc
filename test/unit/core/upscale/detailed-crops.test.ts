import { expect, it } from 'vitest';
import type { Box } from '../../../../src/core/regions/place-region.ts';
import { type DetailPlane, detailedCrops, meanDetail } from '../../../../src/core/upscale/detailed-crops.ts';

const size = { width: 320, height: 240 };

/** A gray picture with checkerboards at some places. */
function pictureWith(places: readonly Box[], top = 255): DetailPlane {
  const samples = (top > 255 ? new Uint16Array(320 * 240) : new Uint8Array(320 * 240)).fill(top / 2);
  for (const { x, y, width, height } of places)
    for (let row = y; row < y + height; row++)
      for (let column = x; column < x + width; column++)
        samples[row * size.width + column] = (row + column) % 2 === 0 ? top : 0;
  return { ...size, samples, top };
}

it.each([255, 1023])('finds where the detail is, with samples up to %i', (top) => {
  const place = { x: 200, y: 120, width: 60, height: 40 };
  const [best] = detailedCrops(pictureWith([place], top), { width: 80, height: 60 }, 3);
  expect(best?.x).toBeLessThanOrEqual(place.x);
  expect(best?.y).toBeLessThanOrEqual(place.y);
  expect((best?.x ?? 0) + 80).toBeGreaterThanOrEqual(place.x + place.width);
  expect((best?.y ?? 0) + 60).toBeGreaterThanOrEqual(place.y + place.height);
});

it('crops never overlap, lie within the picture, have even corners, and are the same each time', () => {
  const picture = pictureWith([{ x: 10, y: 10, width: 300, height: 200 }]);
  const crops = detailedCrops(picture, { width: 80, height: 60 }, 6);
  expect(crops).toHaveLength(6);
  expect(detailedCrops(picture, { width: 80, height: 60 }, 6)).toEqual(crops);
  for (const [index, { x, y, width, height }] of crops.entries()) {
    expect([x % 2, y % 2]).toEqual([0, 0]);
    expect(x + width).toBeLessThanOrEqual(size.width);
    expect(y + height).toBeLessThanOrEqual(size.height);
    for (const other of crops.slice(0, index))
      expect(Math.abs(x - other.x) >= width || Math.abs(y - other.y) >= height).toBe(true);
  }
});

it('of a picture that is no larger than a crop there is one, which is all of it', () => {
  expect(detailedCrops(pictureWith([]), { width: 640, height: 480 }, 3)).toEqual([{ x: 0, y: 0, ...size }]);
});

it('an even picture, black or white, has no detail, and faint noise is none', () => {
  const noise = pictureWith([]);
  for (const at of noise.samples.keys()) noise.samples[at] = 100 + (at % 4);
  expect([meanDetail(pictureWith([])), meanDetail(noise)]).toEqual([0, 0]);
  expect(meanDetail(pictureWith([{ x: 0, y: 0, width: 20, height: 20 }]))).toBeGreaterThan(0);
});
