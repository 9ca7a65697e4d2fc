import { describe, expect, it } from 'vitest';
import {
  type FrameFormat,
  frameBytes,
  planesOf,
  samplesOf,
} from '../../../../src/core/frames/frame-format.ts';
import { resamplePlane } from '../../../../src/core/frames/resample-plane.ts';
import { RgbConverter } from '../../../../src/core/frames/rgb-frames.ts';

const color = { range: null, space: null };

/** Waves of all planes, of colours that RGB has. */
function waves(format: FrameFormat): Uint8Array {
  const frame = new Uint8Array(frameBytes(format));
  const samples = samplesOf(frame, format);
  const unit = format.pixelFormat.endsWith('10le') ? 4 : 1;
  for (const [index, { offset, width, height }] of planesOf(format).entries()) {
    for (let at = 0; at < width * height; at++)
      samples[offset + at] = Math.round(unit * ((index === 0 ? 120 : 128) + 20 * Math.sin(at * (index + 1))));
  }
  return frame;
}

describe.each(['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv444p10le', 'gray', 'gray10le'])(
  '%s as RGB',
  (pixelFormat) => {
    const format = { width: 15, height: 9, pixelFormat };

    it.each([
      { range: null, space: null },
      { range: 'pc', space: 'smpte170m' },
      { range: 'tv', space: 'bt2020nc' },
    ])('comes back bit for bit: $range $space', (tags) => {
      const frame = waves(format);
      const converter = new RgbConverter(format, tags, 65_535);
      expect(converter.fromRgb(converter.toRgb(frame))).toEqual(frame);
    });

    it('comes back nearly so from 8 bits', () => {
      const frame = waves(format);
      const converter = new RgbConverter(format, color, 255);
      const [before, after] = [frame, converter.fromRgb(converter.toRgb(frame))].map((each) =>
        samplesOf(each, format),
      );
      const steps = pixelFormat.endsWith('10le') ? 5 : 2;
      for (const [at, sample] of (before ?? []).entries())
        expect(Math.abs(sample - (after?.[at] ?? 0))).toBeLessThanOrEqual(steps);
    });
  },
);

it.each([
  // Of ITU-T H.273, by hand.
  { what: 'white', yuv: [235, 128, 128], tags: color, rgb: [255, 255, 255] },
  { what: 'black', yuv: [16, 128, 128], tags: color, rgb: [0, 0, 0] },
  { what: 'red of BT.709', yuv: [63, 102, 240], tags: color, rgb: [255, 1, 0] },
  { what: 'red of BT.601', yuv: [81, 90, 240], tags: { range: 'tv', space: 'smpte170m' }, rgb: [254, 0, 0] },
  { what: 'full range', yuv: [255, 128, 128], tags: { range: 'pc', space: null }, rgb: [255, 255, 255] },
])('$what', ({ yuv, tags, rgb }) => {
  const converter = new RgbConverter({ width: 1, height: 1, pixelFormat: 'yuv444p' }, tags, 255);
  expect([...converter.toRgb(Uint8Array.from(yuv))]).toEqual(rgb);
});

describe('planes in other sizes', () => {
  const ramp = { width: 24, height: 12, data: Float32Array.from({ length: 288 }, (_, at) => at % 24) };

  it.each(['lanczos', 'cubic'] as const)('keep what is even, and slopes: %s', (kernel) => {
    const even = { ...ramp, data: ramp.data.map(() => 0.3) };
    for (const size of [
      { width: 7, height: 5 },
      { width: 48, height: 25 },
    ]) {
      for (const value of resamplePlane(even, size, kernel).data) expect(value).toBeCloseTo(0.3, 6);
    }
    const half = resamplePlane(ramp, { width: 12, height: 6 }, kernel);
    for (let x = 3; x < 9; x++) expect(half.data[24 + x]).toBeCloseTo(2 * x + 0.5, 1);
    const back = resamplePlane(half, ramp, kernel);
    for (let x = 8; x < 16; x++) expect(back.data[96 + x]).toBeCloseTo(x, 1);
  });
});
