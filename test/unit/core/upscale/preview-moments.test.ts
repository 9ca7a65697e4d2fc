import { describe, expect, it } from 'vitest';
import {
  candidateFrames,
  frameAtMoment,
  readMoment,
  secondsOfFrame,
  videoSeconds,
} from '../../../../src/core/upscale/preview-moments.ts';

const timeBase = { numerator: 1, denominator: 1000 };
/** A second of 25 frames on a clock that begins at 10 s, then two slow frames. */
const times = Float64Array.from([...Array.from({ length: 25 }, (_, n) => 10_000 + 40 * n), 11_000, 12_000]);
const timeline = { times, endTime: 13_000, timeBase };

describe('readMoment', () => {
  it.each([
    ['12', { seconds: 12 }],
    ['12.5s', { seconds: 12.5 }],
    ['1:02.5', { seconds: 62.5 }],
    ['1:02:03', { seconds: 3723 }],
    ['120f', { frame: 120 }],
    ['0', { seconds: 0 }],
  ])('%s', (text, moment) => expect(readMoment(text)).toEqual(moment));

  it.each(['', 'soon', '-1', '0f', '1:2:3:4', '12;rm', '1e3'])('refuses %j', (text) =>
    expect(readMoment(text)).toBeNull(),
  );
});

describe('frameAtMoment', () => {
  it.each([
    { moment: { seconds: 0 }, frame: 0 },
    { moment: { seconds: 0.039 }, frame: 0 },
    { moment: { seconds: 0.04 }, frame: 1 },
    { moment: { seconds: 1.999 }, frame: 25 },
    { moment: { seconds: 2.9 }, frame: 26 },
    { moment: { seconds: 3 }, frame: null },
    { moment: { frame: 27 }, frame: 26 },
    { moment: { frame: 28 }, frame: null },
  ])('$moment shows frame $frame', ({ moment, frame }) =>
    expect(frameAtMoment(moment, timeline)).toBe(frame),
  );

  it('finds each frame at its own time, also where that is rounded', () => {
    const odd = { numerator: 1, denominator: 30_000 };
    const uneven = Float64Array.from({ length: 100 }, (_, n) => n * 1001);
    const ntsc = { times: uneven, endTime: 100_100, timeBase: odd };
    for (const frame of uneven.keys()) {
      const seconds = Number(secondsOfFrame(frame, ntsc).toFixed(5));
      expect(frameAtMoment({ seconds }, ntsc)).toBe(frame);
    }
  });

  it('knows how long the video is', () => expect(videoSeconds(timeline)).toBe(3));
});

describe('candidateFrames', () => {
  it('takes some of each part of the video, key frames where they are near', () => {
    const stretches = candidateFrames(900, [0, 40, 140, 440, 740], 3);
    expect(stretches).toHaveLength(3);
    expect(stretches[0]).toContain(140);
    for (const [part, frames] of stretches.entries())
      for (const frame of frames) {
        expect(frame).toBeGreaterThanOrEqual(300 * part - 50);
        expect(frame).toBeLessThan(300 * (part + 1));
      }
  });

  it.each([1, 2, 3, 5])('a video of %i frames has each of them once at the most', (frames) => {
    const all = candidateFrames(frames, [0], 3).flat();
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThan(frames);
  });
});
