import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairTimes } from '../../../../src/core/frames/repair-times.ts';
import {
  decodeRepeats,
  decodeTimes,
  encodeRepeats,
  encodeTimes,
  type TimeRuns,
} from '../../../../src/core/frames/timeline.ts';

describe('times in runs', () => {
  it('take two numbers for an hour of even frames', () => {
    const times = Float64Array.from({ length: 90_000 }, (_, frame) => 1024 + 512 * frame);
    expect(encodeTimes(times)).toEqual({ start: 1024, steps: [[512, 89_999]] });
    expect(decodeTimes(encodeTimes(times))).toEqual(times);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer({ min: 1, max: 1e6 })), (start, steps) => {
        const times = Float64Array.from([start, ...steps]);
        for (let frame = 1; frame < times.length; frame++)
          times[frame] = (times[frame - 1] ?? 0) + (steps[frame - 1] ?? 0);
        expect(decodeTimes(encodeTimes(times))).toEqual(times);
      }),
    );
  });

  it('bring unique frames back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (repeats) => {
        const starts = repeats.map((_, index) =>
          repeats.slice(0, index).reduce((sum, each) => sum + each, 0),
        );
        const times = new Float64Array(repeats.reduce((sum, each) => sum + each, 0));
        const uniqueFrames = Int32Array.from(starts);
        expect(decodeRepeats(encodeRepeats({ times, uniqueFrames }), times.length)).toEqual(uniqueFrames);
      }),
    );
  });

  it.each([
    { what: 'a step back', code: { start: 0, steps: [[-1, 2]] } },
    { what: 'a stand-still', code: { start: 0, steps: [[0, 2]] } },
    { what: 'no number', code: { start: Number.NaN, steps: [] } },
    { what: 'an endless step', code: { start: 0, steps: [[Number.POSITIVE_INFINITY, 1]] } },
    { what: 'half a frame', code: { start: 0, steps: [[1, 0.5]] } },
    { what: 'more frames than memory', code: { start: 0, steps: [[1, 1e15]] } },
  ])('$what is refused', ({ code }) => {
    expect(() => decodeTimes(code as unknown as TimeRuns)).toThrow(RangeError);
  });

  it('runs of another number of frames are refused', () => {
    expect(() => decodeRepeats([[3, 2]], 7)).toThrow(RangeError);
    expect(() => decodeRepeats([[0, 2]], 0)).toThrow(RangeError);
  });
});

describe('broken times', () => {
  const n = Number.NaN;
  it.each([
    { what: 'good ones stay', times: [5, 9, 10, 30], expected: [5, 9, 10, 30], changed: 0 },
    {
      what: 'a repeated one moves between its neighbours',
      times: [0, 40, 40, 120],
      expected: [0, 40, 80, 120],
      changed: 1,
    },
    { what: 'one that goes back', times: [0, 40, 10, 120, 160], expected: [0, 40, 80, 120, 160], changed: 1 },
    {
      what: 'one that leaps ahead',
      times: [0, 40, 9e9, 120, 160],
      expected: [0, 40, 80, 120, 160],
      changed: 1,
    },
    { what: 'missing ones', times: [n, 40, n, n, 160, n], expected: [0, 40, 80, 120, 160, 200], changed: 4 },
    { what: 'all of them', times: [n, n, n], expected: [0, 1, 2], changed: 3 },
    { what: 'no room for a whole tick', times: [0, 5, 5, 6, 20], expected: [0, 2, 5, 6, 20], changed: 1 },
  ])('$what', ({ times, expected, changed }) => {
    expect(repairTimes(Float64Array.from(times))).toEqual({ times: Float64Array.from(expected), changed });
  });

  it('always become strictly increasing whole ticks', () => {
    const stamp = fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.array(stamp), (stamps) => {
        const { times, changed } = repairTimes(Float64Array.from(stamps));
        expect(
          times.every((time, at) => Number.isInteger(time) && (at === 0 || time > (times[at - 1] ?? 0))),
        ).toBe(true);
        expect(
          times.filter((time, at) => !Object.is(time, stamps[at]) && time !== stamps[at]).length,
        ).toBeLessThanOrEqual(changed);
      }),
      { numRuns: 500 },
    );
  });

  it('are mended in time in proportion to their number', () => {
    const times = Float64Array.from({ length: 500_000 }, (_, frame) => (frame % 7 === 0 ? 0 : frame * 40));
    // In proportion to their square it would take an hour.
    expect(repairTimes(times).changed).toBeGreaterThan(70_000);
  });
});
