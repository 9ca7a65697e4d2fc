import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { frameBytes, planesOf, samplesOf } from '../../../../src/core/frames/frame-format.ts';
import { plainEngines } from '../../../../src/worker/retouch/plain-engines.ts';
import { sampleRetoucherSpec } from '../../../support/memory-frames.ts';

const spec = sampleRetoucherSpec();

/** A crop whose luma is stripes of one pixel, and whose chroma is even. */
function striped(pixelFormat: string, isFullRange = false) {
  const format = { width: 64, height: 32, pixelFormat };
  const samples = new Uint8Array(frameBytes(format));
  const all = samplesOf(samples, format);
  const scale = pixelFormat.endsWith('10le') ? 4 : 1;
  all.fill(128 * scale);
  for (let at = 0; at < 64 * 32; at++) all[at] = (at % 2 === 0 ? 40 : 200) * scale;
  return { samples, format, isFullRange, mask: { x: 12, y: 8, width: 40, height: 16 } };
}

function planesIn(crop: ReturnType<typeof striped>): number[][] {
  const all = samplesOf(crop.samples, crop.format);
  return planesOf(crop.format).map(({ offset, width, height }) => [
    ...all.subarray(offset, offset + width * height),
  ]);
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

describe.each(['yuv420p', 'yuv444p', 'yuv420p10le', 'gray'])('%s', (pixelFormat) => {
  it.each(['blur', 'pixelize'] as const)('%s leaves nothing of fine stripes', (kind) => {
    const crop = striped(pixelFormat);
    const [before = []] = planesIn(crop);
    plainEngines[kind].process(crop, { ...spec, kind });
    const [luma = [], ...chroma] = planesIn(crop);
    const inner = luma.filter((_, at) => at % 64 >= 16 && at % 64 < 48);
    expect(spread(inner)).toBeLessThan(spread(before) / 8);
    for (const plane of chroma) expect(spread(plane)).toBe(0);
  });

  it('blur keeps the brightness', () => {
    const crop = striped(pixelFormat);
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    const before = mean(planesIn(crop)[0] ?? []);
    plainEngines.blur.process(crop, spec);
    expect(mean(planesIn(crop)[0] ?? [])).toBeCloseTo(before, -1);
  });
});

it('blurs and pixelizes more with more strength', () => {
  const mask = { width: 100, height: 80 };
  expect(plainEngines.blur.reachPx(mask, spec)).toBe(60);
  expect(plainEngines.blur.reachPx(mask, { ...spec, strength: 200 })).toBe(120);
  expect(plainEngines.pixelize.reachPx(mask, { ...spec, strength: 50 })).toBe(10);
});

// ITU-R BT.709: red is 63, 102, 240 of 8 bits.
it.each([
  { pixelFormat: 'yuv420p', isFullRange: false, expected: [63, 102, 240] },
  { pixelFormat: 'yuv444p10le', isFullRange: false, expected: [250, 409, 960] },
  { pixelFormat: 'yuv420p', isFullRange: true, expected: [54, 99, 255] },
])('solid red in $pixelFormat, full range: $isFullRange', ({ pixelFormat, isFullRange, expected }) => {
  const crop = striped(pixelFormat, isFullRange);
  plainEngines.solid.process(crop, { ...spec, kind: 'solid' });
  const planes = planesIn(crop);
  expect(planes.map(([value]) => value)).toEqual(expected);
  for (const plane of planes) expect(spread(plane)).toBe(0);
});

describe('lanczos', () => {
  const [width, height] = [37, 21];
  /** Soft vertical stripes that are `contrast` from their darkest to their brightest. */
  const stripes = (pixelFormat: string) => {
    const format = { width, height, pixelFormat };
    const samples = new Uint8Array(frameBytes(format));
    const all = samplesOf(samples, format);
    const unit = pixelFormat.endsWith('10le') ? 4 : 1;
    all.fill(128 * unit);
    for (let at = 0; at < width * height; at++)
      all[at] = Math.round(unit * (128 + 40 * Math.sin(((at % width) * 2 * Math.PI) / 4.5)));
    return { samples, format, isFullRange: false, mask: { x: 0, y: 0, width, height } };
  };

  it.each(['yuv420p', 'yuv444p10le'])('adds contrast to what is fine, by its strength: %s', (pixelFormat) => {
    const spreads = [0, 50, 100].map((strength) => {
      const crop = stripes(pixelFormat);
      if (strength > 0) plainEngines.lanczos.process(crop, { ...spec, strength });
      const [luma = [], ...chroma] = planesIn(crop);
      for (const plane of chroma) expect(spread(plane)).toBe(0);
      return spread(luma);
    });
    const [before = 0, half = 0, whole = 0] = spreads;
    expect(half).toBeGreaterThan(before * 1.1);
    expect(whole).toBeGreaterThan(half * 1.1);
  });

  it('leaves even areas as they are, and depends on nothing beyond its reach', () => {
    const [flat, other] = [stripes('gray'), stripes('gray')];
    flat.samples.fill(77);
    plainEngines.lanczos.process(flat, spec);
    expect(new Set(flat.samples)).toEqual(new Set([77]));
    const one = stripes('gray');
    for (let at = 0; at < other.samples.length; at++) if (at % width >= 20) other.samples[at] = 0;
    for (const crop of [one, other]) plainEngines.lanczos.process(crop, spec);
    const reach = plainEngines.lanczos.reachPx(one.mask, spec);
    const near = ({ samples }: typeof one) => samples.filter((_, at) => at % width < 20 - reach);
    expect(near(other)).toEqual(near(one));
    expect(other.samples).not.toEqual(one.samples);
  });

  it('gives these bits on every machine', () => {
    const crop = stripes('gray');
    plainEngines.lanczos.process(crop, spec);
    expect(createHash('sha256').update(crop.samples).digest('hex').slice(0, 16)).toBe('d23867f3a3e8c6d1');
  });
});
