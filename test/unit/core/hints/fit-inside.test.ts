import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitInside } from '../../../../src/core/hints/fit-inside.ts';
import { formatSize, parseSize } from '../../../../src/core/hints/size.ts';

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

it.each(['320', 'x180', '320x', '0x180', '1x1', '-2x4', '3.5x2', '320x180x2', '', '123456x2'])(
  'takes %j for no size',
  (text) => expect(parseSize(text)).toBeNull(),
);
