import { expect, it } from 'vitest';
import { estimateVideo, type VideoAmount, type VideoRates } from '../../../../src/core/frames/estimate.ts';

const amount: VideoAmount = {
  frames: 300,
  uniqueFrames: 300,
  frame: { width: 100, height: 100 },
  target: { width: 200, height: 200 },
  otherBytes: 1_000,
  segments: 2,
};
const rates: VideoRates = { decode: 3e6, upscale: 2e6, encode: 4e6, bitsPerPixel: 0.1, segmentMs: 50 };

it('the slowest stage decides', () => {
  expect(estimateVideo(amount, rates).durationMs).toBe(6_100);
  expect(estimateVideo(amount, { ...rates, encode: 1e6 }).durationMs).toBe(12_100);
});

it('duplicates take next to nothing', () => {
  const third = { ...amount, uniqueFrames: 100 };
  expect(estimateVideo(third, rates).durationMs).toBe(2_100);
  expect(estimateVideo(third, rates).outputBytes).toBe(61_000);
});

it('disk: the video, the other streams, and a segment on the way', () => {
  expect(estimateVideo(amount, rates)).toMatchObject({ outputBytes: 151_000, peakBytes: 233_550 });
  const many = estimateVideo({ ...amount, segments: 100 }, rates);
  expect((many.peakBytes ?? 0) / (many.outputBytes ?? 1)).toBeLessThan(1.5);
});

it('what was not measured is not guessed', () => {
  expect(estimateVideo(amount, { ...rates, upscale: null }).durationMs).toBeNull();
  expect(estimateVideo(amount, { ...rates, bitsPerPixel: null })).toMatchObject({
    outputBytes: null,
    peakBytes: null,
  });
});
