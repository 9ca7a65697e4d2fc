import { describe, expect, it } from 'vitest';
import { duplicateShares, longestHeld } from '../../../../src/core/video/held-frames.ts';
import { sampleUpscalePlan } from '../../../support/sample-upscale-plan.ts';

const timeBase = { numerator: 1, denominator: 24 };

describe('longestHeld', () => {
  it('gives the longest in the order of the video, the earlier of equals', () => {
    const { timeline } = sampleUpscalePlan({ repeats: [1, 3, 1, 12, 3, 2, 3] });
    expect(longestHeld(timeline, timeBase, 3)).toEqual([
      { frame: 2, frames: 3, seconds: 0.125 },
      { frame: 6, frames: 12, seconds: 0.5 },
      { frame: 18, frames: 3, seconds: 0.125 },
    ]);
  });

  it('measures the last picture to the end of the video', () => {
    const { timeline } = sampleUpscalePlan({ repeats: [1, 2] });
    const longer = { ...timeline, endTime: 49 };
    expect(longestHeld(longer, timeBase, 5)).toEqual([{ frame: 2, frames: 2, seconds: 2 }]);
  });

  it('gives nothing where every frame is unique', () => {
    expect(longestHeld(sampleUpscalePlan().timeline, timeBase, 5)).toEqual([]);
  });
});

describe('duplicateShares', () => {
  it.each([
    { rule: 'all unique', repeats: [1, 1, 1, 1], parts: 2, shares: [0, 0] },
    { rule: 'a still at the end', repeats: [1, 1, 6], parts: 4, shares: [0, 0.5, 1, 1] },
    { rule: 'more parts than frames', repeats: [1, 2], parts: 80, shares: [0, 0, 1] },
    { rule: 'parts of unequal length', repeats: [1, 1, 3], parts: 2, shares: [0, 1] },
  ])('$rule', ({ repeats, parts, shares }) => {
    expect(duplicateShares(sampleUpscalePlan({ repeats }).timeline, parts)).toEqual(shares);
  });

  it('keeps the whole number of duplicates', () => {
    const { timeline } = sampleUpscalePlan({ repeats: Array.from({ length: 331 }, (_, at) => 1 + (at % 4)) });
    const frames = timeline.times.length;
    const sizes = Array.from({ length: 80 }, (_, part) => {
      return Math.ceil(((part + 1) * frames) / 80) - Math.ceil((part * frames) / 80);
    });
    const duplicates = duplicateShares(timeline, 80).reduce((sum, share, part) => {
      return sum + Math.round(share * (sizes[part] ?? 0));
    }, 0);
    expect(duplicates).toBe(frames - 331);
  });
});
