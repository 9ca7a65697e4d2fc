import { describe, expect, it } from 'vitest';
import { frameBytes, planesOf, samplesOf } from '../../../../src/core/frames/frame-format.ts';
import type { RetoucherSpec } from '../../../../src/protocol/retouch.ts';
import { plainEngines } from '../../../../src/worker/retouch/plain-engines.ts';

const spec: RetoucherSpec = {
  ...{ kind: 'blur', batch_size: 8, lanes: 1, model: null, strength: 100, color: '#ff0000' },
  ...{ dilate_px: 0, feather_px: 0, context_frames: 0 },
  encoding: { crf: 18, preset: 'medium', threads: 1 },
};

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
