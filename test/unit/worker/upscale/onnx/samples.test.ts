import { describe, expect, it } from 'vitest';
import {
  drainPlanes,
  fillPlanes,
  halfBits,
  halfValue,
  nearestSample,
  sampleCoding,
} from '../../../../../src/worker/upscale/onnx/convert.ts';

describe('half precision', () => {
  it('is what the language itself makes of every sample', () => {
    const half = new Float16Array(1);
    const bits = new Uint16Array(half.buffer);
    for (const top of [255, 65_535]) {
      for (let sample = 0; sample <= top; sample++) {
        half[0] = sample / top;
        if (halfBits(sample / top) !== bits[0])
          expect([sample, halfBits(sample / top)]).toEqual([sample, bits[0]]);
      }
    }
  });

  it('is read as the language itself reads it', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index);
    const values = new Float16Array(bits.buffer);
    for (const each of bits)
      if (!Object.is(halfValue(each), values[each]))
        expect([each, halfValue(each)]).toEqual([each, values[each]]);
  });
});

describe('nearestSample', () => {
  it.each([
    [0, 0],
    [1, 255],
    [0.5 / 255, 1],
    [0.499 / 255, 0],
    [254.5 / 255, 255],
    [254.49 / 255, 254],
    [1.7, 255],
    [-0.3, 0],
    [Number.POSITIVE_INFINITY, 255],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.NaN, 0],
  ])('%d becomes %i', (value, sample) => expect(nearestSample(value, 255)).toBe(sample));
});

describe.each([
  { top: 255, isHalf: false },
  { top: 65_535, isHalf: false },
  { top: 255, isHalf: true },
] as const)('planes of $top, half precision: $isHalf', ({ top, isHalf }) => {
  const coding = sampleCoding(top, isHalf);
  const SampleArray = top === 255 ? Uint8Array : Uint16Array;
  const TensorArray = isHalf ? Uint16Array : Float32Array;
  const [width, height] = [5, 3];
  const samples = new SampleArray(3 * width * height);
  for (let i = 0; i < samples.length; i++) samples[i] = (i * 17) % (top + 1);

  it('give back what was put in', () => {
    const data = new TensorArray(10 + samples.length);
    const window = { x: 0, y: 0, width, height };
    fillPlanes({ data, offset: 10 }, { width, height, samples }, window, coding);
    const back = new SampleArray(samples.length);
    const columns = { windowBegin: 0, begin: 0, end: width };
    const rows = { windowBegin: 0, begin: 0, end: height };
    const crop = { columns, rows, window, scale: 1 };
    drainPlanes({ width, height, samples: back }, { data, offset: 10 }, crop, coding);
    expect(back).toEqual(samples);
  });

  it('go on beyond the edges with the last column and row', () => {
    const window = { x: 3, y: 1, width: 4, height: 4 };
    const data = new TensorArray(3 * 16);
    fillPlanes({ data, offset: 0 }, { width, height, samples }, window, coding);
    const red = (x: number, y: number) => coding.encode[samples[(y * width + x) * 3] ?? 0];
    const row = (y: number) => [red(3, y), red(4, y), red(4, y), red(4, y)];
    expect([...data.subarray(0, 16)]).toEqual([...row(1), ...row(2), ...row(2), ...row(2)]);
  });

  it('keep what is outside 0 to 1 within the samples', () => {
    const data = isHalf
      ? new Uint16Array(new Float16Array([2, -2, Number.NaN]).buffer)
      : new Float32Array([2, -2, Number.NaN]);
    const one = { windowBegin: 0, begin: 0, end: 1 };
    const large = new SampleArray(3);
    const crop = { columns: one, rows: one, window: { width: 1, height: 1 }, scale: 1 };
    drainPlanes({ width: 1, height: 1, samples: large }, { data, offset: 0 }, crop, coding);
    expect([...large]).toEqual([top, 0, 0]);
  });
});
