import { expect, it } from 'vitest';
import {
  estimateUpscale,
  type UpscaleAmount,
  type UpscaleRates,
} from '../../../../src/core/frames/estimate.ts';

const amount: UpscaleAmount = {
  frames: 300,
  uniqueFrames: 300,
  frame: { width: 100, height: 100 },
  target: { width: 200, height: 200 },
  otherBytes: 1_000,
  segments: 2,
};
const rates: UpscaleRates = { decode: 3e6, upscale: 2e6, encode: 4e6, bitsPerPixel: 0.1, segmentMs: 50 };

it('the slowest stage decides', () => {
  expect(estimateUpscale(amount, rates).durationMs).toBe(6_100);
  expect(estimateUpscale(amount, { ...rates, encode: 1e6 }).durationMs).toBe(12_100);
});

it('duplicates take next to nothing', () => {
  const third = { ...amount, uniqueFrames: 100 };
  expect(estimateUpscale(third, rates).durationMs).toBe(2_100);
  expect(estimateUpscale(third, rates).outputBytes).toBe(61_000);
});

it('disk: the video, the other streams, and a segment on the way', () => {
  expect(estimateUpscale(amount, rates)).toMatchObject({ outputBytes: 151_000, peakBytes: 233_550 });
  const many = estimateUpscale({ ...amount, segments: 100 }, rates);
  expect((many.peakBytes ?? 0) / (many.outputBytes ?? 1)).toBeLessThan(1.5);
});

it('what was not measured is not guessed', () => {
  expect(estimateUpscale(amount, { ...rates, upscale: null }).durationMs).toBeNull();
  expect(estimateUpscale(amount, { ...rates, bitsPerPixel: null })).toMatchObject({
    outputBytes: null,
    peakBytes: null,
  });
});
