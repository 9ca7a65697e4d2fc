import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  displaySize,
  fitInside,
  formatSize,
  parseSize,
  type Size,
} from '../../../../src/core/hints/display-size.ts';

const limit = { width: 320, height: 180 };

it.each([
  { rule: '16:9 fills the box', display: '1920x1080', expected: '320x180' },
  { rule: 'so does 4K', display: '3840x2160', expected: '320x180' },
  { rule: '4:3 is bounded by its height', display: '640x480', expected: '240x180' },
  { rule: 'portrait keeps its shape', display: '1080x1920', expected: '100x180' },
  { rule: 'cinema is bounded by its width', display: '2048x858', expected: '320x134' },
  { rule: 'odd sides become even', display: '853x481', expected: '318x180' },
  { rule: 'a small video stays as it is', display: '256x144', expected: '256x144' },
  { rule: 'a tiny one is not enlarged', display: '16x16', expected: '16x16' },
  { rule: 'a line keeps two pixels', display: '4000x2', expected: '320x2' },
])('$rule', ({ display, expected }) => {
  const size = parseSize(display);
  expect(size && formatSize(fitInside(size, limit))).toBe(expected);
});

it('stays inside the box, even, and within two pixels of the true shape', () => {
  const side = fc.integer({ min: 2, max: 8000 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, maxWidth, maxHeight) => {
      const size = fitInside({ width, height }, { width: maxWidth, height: maxHeight });
      const scale = Math.min(1, maxWidth / width, maxHeight / height);
      expect(size.width).toBeLessThanOrEqual(maxWidth);
      expect(size.height).toBeLessThanOrEqual(maxHeight);
      expect([size.width % 2, size.height % 2]).toEqual([0, 0]);
      expect(Math.abs(size.width - width * scale)).toBeLessThanOrEqual(2);
      expect(Math.abs(size.height - height * scale)).toBeLessThanOrEqual(2);
    }),
  );
});

it('scales what is shown, not what that was rounded to', () => {
  // 640x480 with samples of 4:3 is shown as 16:9.
  const samples = { sampleAspect: { numerator: 4, denominator: 3 }, rotationDegrees: 0 };
  const display = displaySize({ width: 640, height: 480, ...samples });
  expect(fitInside(display, limit)).toEqual(limit);
  expect(fitInside(display, { width: 852, height: 480 })).toEqual({ width: 852, height: 478 });
  const upright = displaySize({ width: 640, height: 480, ...samples, rotationDegrees: 90 });
  expect(fitInside(upright, { width: 180, height: 320 })).toEqual({ width: 180, height: 320 });
});

it('is exactly the largest even size of that shape, by whole numbers', () => {
  const side = fc.integer({ min: 2, max: 16_384 });
  const term = fc.integer({ min: 1, max: 0xffff });
  fc.assert(
    fc.property(side, side, term, term, side, side, fc.boolean(), (...facts) => {
      const [width, height, numerator, denominator, maxWidth, maxHeight, isTurned] = facts;
      const sampleAspect = { numerator, denominator };
      const rotationDegrees = isTurned ? 90 : 0;
      const display = displaySize({ width, height, sampleAspect, rotationDegrees });
      const limits = { width: maxWidth, height: maxHeight };
      expect(fitInside(display, limits)).toEqual(fitByIntegers(facts));
    }),
    { numRuns: 2000 },
  );
});

/** The same by its definition, in integers of any size. */
function fitByIntegers(facts: readonly [number, number, number, number, number, number, boolean]): Size {
  const isTurned = facts[6];
  const [width, height, numerator, denominator, maxWidth, maxHeight] = facts
    .slice(0, 6)
    .map((fact) => BigInt(fact)) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const parts = [width * numerator, height * denominator];
  const [across = 1n, down = 1n] = isTurned ? parts.reverse() : parts;
  const perPixel = numerator < denominator ? numerator : denominator;
  // Each bound as a fraction of the scale; the smallest of them is the scale.
  const scales = [
    [1n, 1n],
    [maxWidth * perPixel, across],
    [maxHeight * perPixel, down],
  ] as const;
  const [up, by] = scales.reduce((least, scale) =>
    scale[0] * least[1] < least[0] * scale[1] ? scale : least,
  );
  const even = (side: bigint) => Math.max(2, 2 * Number((side * up) / (by * perPixel * 2n)));
  return { width: even(across), height: even(down) };
}

it.each(['320', 'x180', '320x', '0x180', '1x1', '-2x4', '3.5x2', '320x180x2', '', '123456x2'])(
  'takes %j for no size',
  (text) => expect(parseSize(text)).toBeNull(),
);
