import { describe, expect, it } from 'vitest';
import { frameBytes, planesOf, samplesOf } from '../../../../src/core/frames/frame-format.ts';
import { CropMerger, planCrop } from '../../../../src/core/regions/crop.ts';
import type { Box } from '../../../../src/core/regions/place-region.ts';
import { padFrame } from '../../../../src/worker/retouch/pad-frame.ts';

const options = { dilatePx: 2, featherPx: 4, marginPx: 16 };

/** Samples that differ from place to place. */
function noise(format: { width: number; height: number; pixelFormat: string }): Uint8Array {
  const frame = new Uint8Array(frameBytes(format));
  const samples = samplesOf(frame, format);
  const max = format.pixelFormat.endsWith('10le') ? 1023 : 255;
  for (let at = 0; at < samples.length; at++) samples[at] = (Math.imul(at + 1, 2_654_435_761) >>> 7) & max;
  return frame;
}

describe.each(['gray', 'yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le'])(
  '%s',
  (pixelFormat) => {
    it.each([
      { where: 'inside', box: { x: 40, y: 20, width: 21, height: 13 } },
      { where: 'top left', box: { x: 0, y: 0, width: 9, height: 7 } },
      { where: 'top right', box: { x: 92, y: 0, width: 9, height: 7 } },
      { where: 'bottom left', box: { x: 0, y: 46, width: 9, height: 7 } },
      { where: 'bottom right', box: { x: 92, y: 46, width: 9, height: 7 } },
      { where: 'everywhere', box: { x: 0, y: 0, width: 101, height: 53 } },
    ])('keeps every bit outside mask and feather: $where', ({ box }) => {
      const format = { width: 101, height: 53, pixelFormat };
      const source = noise(format);
      const merger = new CropMerger(planCrop(box, format, options), format);
      const frame = source.slice();
      const crop = merger.cut(frame);
      merger.merge(frame, crop);
      expect(frame).toEqual(source);

      const samples = samplesOf(crop, format);
      for (let at = 0; at < samples.length; at++) samples[at] = (samples[at] ?? 0) ^ 1;
      merger.merge(frame, crop);
      const [before, after] = [samplesOf(source, format), samplesOf(frame, format)];
      const wrong = { changed: 0, kept: 0 };
      for (const plane of planesOf(format)) {
        for (let row = 0; row < plane.height; row++) {
          for (let column = 0; column < plane.width; column++) {
            const at = plane.offset + row * plane.width + column;
            const pixels = { x: column * plane.across, y: row * plane.down };
            const last = { x: pixels.x + plane.across - 1, y: pixels.y + plane.down - 1 };
            // A pixel of room for the grid of the chroma samples.
            const isFar = !isNear(pixels, box, 7) || !isNear(last, box, 7 + plane.across - 1);
            const isInside = isNear(pixels, box, 0) && isNear(last, box, 0);
            if (isFar && after[at] !== before[at]) wrong.changed += 1;
            if (isInside && after[at] !== ((before[at] ?? 0) ^ 1)) wrong.kept += 1;
          }
        }
      }
      expect(wrong).toEqual({ changed: 0, kept: 0 });
    });

    it('is padded to even sides without a change of what is there', () => {
      const [from, to] = [
        { width: 5, height: 3, pixelFormat },
        { width: 6, height: 4, pixelFormat },
      ];
      const frame = noise(from);
      const padded = padFrame(frame, from, to);
      const [source, target] = [samplesOf(frame, from), samplesOf(padded, to)];
      const planes = planesOf(to);
      for (const [index, plane] of planesOf(from).entries()) {
        const own = planes[index] ?? plane;
        for (let row = 0; row < own.height; row++)
          for (let column = 0; column < own.width; column++) {
            const at = Math.min(row, plane.height - 1) * plane.width + Math.min(column, plane.width - 1);
            expect(target[own.offset + row * own.width + column]).toBe(source[plane.offset + at]);
          }
      }
      expect(padFrame(frame, from, from)).toBe(frame);
    });
  },
);

describe('the crop around a box', () => {
  const frame = { width: 200, height: 100, pixelFormat: 'yuv420p' };

  it.each([
    {
      where: 'in the middle',
      box: { x: 90, y: 40, width: 20, height: 10 },
      expected: { x: 72, y: 22, width: 56, height: 46 },
    },
    {
      where: 'at the left: shifted inward',
      box: { x: 0, y: 40, width: 20, height: 10 },
      expected: { x: 0, y: 22, width: 54, height: 46 },
    },
    {
      where: 'at the lower right: shifted inward',
      box: { x: 180, y: 90, width: 20, height: 10 },
      expected: { x: 146, y: 56, width: 54, height: 44 },
    },
    {
      where: 'larger than the frame',
      box: { x: 0, y: 0, width: 200, height: 100 },
      expected: { x: 0, y: 0, width: 200, height: 100 },
    },
  ])('$where', ({ box, expected }) => expect(planCrop(box, frame, options).crop).toEqual(expected));

  it('fades over the feather, to nothing beyond it', () => {
    const format = { width: 64, height: 32, pixelFormat: 'gray' };
    const box = { x: 24, y: 8, width: 16, height: 16 };
    const merger = new CropMerger(planCrop(box, format, { dilatePx: 0, featherPx: 4, marginPx: 8 }), format);
    const picture = new Uint8Array(frameBytes(format));
    const crop = merger.cut(picture).fill(250);
    merger.merge(picture, crop);
    const row = [...picture.subarray(16 * 64 + 18, 16 * 64 + 26)];
    expect(row).toEqual([0, 0, 50, 100, 150, 200, 250, 250]);
  });
});

function isNear({ x, y }: { x: number; y: number }, box: Box, px: number): boolean {
  return x >= box.x - px && x < box.x + box.width + px && y >= box.y - px && y < box.y + box.height + px;
}
