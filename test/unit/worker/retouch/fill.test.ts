import { describe, expect, it } from 'vitest';
import {
  bitsOf,
  type FrameFormat,
  frameBytes,
  planesOf,
  samplesOf,
} from '../../../../src/core/frames/frame-format.ts';
import type { Box } from '../../../../src/core/regions/place-region.ts';
import type { CropFrame } from '../../../../src/worker/retouch/crop-engine.ts';
import { fillEngine } from '../../../../src/worker/retouch/fill/fill-engine.ts';

const color = { range: null, space: null, primaries: null, transfer: null, chroma_location: null };

/** Numbers from 0 to 1 that look random, and are the same for the same place. */
function hash(x: number, y: number, seed: number): number {
  let mixed = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
}

/** A picture with large and small shapes, without end, from 0 to 1. */
function scene(x: number, y: number, seed: number): number {
  const of = (step: number) => {
    const [left, top] = [Math.floor(x / step), Math.floor(y / step)];
    const [u, v] = [x / step - left, y / step - top];
    const row = (down: number) =>
      (1 - u) * hash(left, top + down, seed + step) + u * hash(left + 1, top + down, seed + step);
    return (1 - v) * row(0) + v * row(1);
  };
  return 0.5 * of(24) + 0.3 * of(8) + 0.2 * of(3);
}

/** A crop of which each sample is what `valueAt` says of its plane and its place in pixels, from 0 to 1. */
function drawn(format: FrameFormat, valueAt: (x: number, y: number, plane: number) => number): Uint8Array {
  const crop = new Uint8Array(frameBytes(format));
  const all = samplesOf(crop, format);
  for (const [index, { offset, width, height, across, down }] of planesOf(format).entries()) {
    for (let at = 0; at < width * height; at++) {
      const [x, y] = [(at % width) * across, Math.floor(at / width) * down];
      all[offset + at] = Math.round(valueAt(x, y, index) * (2 ** bitsOf(format) - 1));
    }
  }
  return crop;
}

function maskOf({ width, height }: FrameFormat, box: Box): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = box.y; y < box.y + box.height; y++) {
    mask.fill(255, y * width + box.x, y * width + box.x + box.width);
  }
  return mask;
}

/** For each sample of a crop whether it covers any masked pixel. */
function maskedSamples(format: FrameFormat, mask: Uint8Array): boolean[] {
  return planesOf(format).flatMap(({ width, height, across, down }) =>
    Array.from({ length: width * height }, (_, at) => {
      const [left, top] = [(at % width) * across, Math.floor(at / width) * down];
      const rows = Array.from({ length: Math.min(down, format.height - top) }, (_, row) => top + row);
      const right = Math.min(format.width, left + across);
      return rows.some((row) =>
        mask.subarray(row * format.width + left, row * format.width + right).includes(255),
      );
    }),
  );
}

/** Crops of a scene that passes by, two pixels to the right and down with each; what is masked is white in them. */
function passing(format: FrameFormat, mask: Uint8Array, count: number, noise = 0) {
  const at = (frame: number, isHidden: boolean) =>
    drawn(format, (x, y, plane) => {
      if (isHidden && mask[y * format.width + x] !== 0) return 1;
      const grain = noise * (hash(x + 7919 * frame, y, plane) - 0.5);
      return 0.1 + 0.8 * scene(x - 2 * frame + 400, y - 2 * frame + 400, plane) + grain;
    });
  return {
    clean: Array.from({ length: count }, (_, frame) => at(frame, false)),
    hidden: Array.from({ length: count }, (_, frame) => at(frame, true)),
  };
}

async function filled(
  format: FrameFormat,
  crops: readonly Omit<CropFrame, 'isWanted'>[],
  radius: number,
): Promise<Uint8Array[]> {
  const given = (async function* () {
    for (const crop of crops) yield { ...crop, isWanted: true };
  })();
  const run = { format, color, box: { x: 0, y: 0, width: 1, height: 1 }, frames: crops.length };
  const made = [];
  for await (const crop of fillEngine(radius).process(run, given, new AbortController().signal)) {
    made.push(crop);
  }
  return made;
}

/** The largest difference of two crops' samples. */
function furthest(format: FrameFormat, one: Uint8Array | undefined, other: Uint8Array | undefined): number {
  const [a, b] = [one, other].map((crop) => [...samplesOf(crop ?? new Uint8Array(0), format)]);
  return (a ?? []).reduce((most, value, at) => Math.max(most, Math.abs(value - (b?.[at] ?? 0))), 0);
}

describe.each([
  { pixelFormat: 'yuv420p', width: 144, height: 96 },
  { pixelFormat: 'yuv422p', width: 145, height: 97 },
  { pixelFormat: 'yuv444p', width: 145, height: 97 },
  { pixelFormat: 'yuv420p10le', width: 145, height: 97 },
  { pixelFormat: 'gray', width: 144, height: 96 },
])('$pixelFormat, $width x $height', (format) => {
  it('finds what was and will be visible, to the bit', async () => {
    const mask = maskOf(format, { x: 44, y: 40, width: 60, height: 20 });
    const { clean, hidden } = passing(format, mask, 17);
    const made = await filled(
      format,
      hidden.map((samples) => ({ samples, mask })),
      8,
    );
    expect(furthest(format, made[8], clean[8])).toBe(0);
  });

  it('continues even slopes where nothing is known', async () => {
    const mask = maskOf(format, { x: 30, y: 24, width: 80, height: 48 });
    const slope = drawn(format, (x, y, plane) => 0.2 + 0.002 * x + 0.001 * y + 0.1 * plane);
    const samples = slope.slice();
    for (const [at, isMasked] of maskedSamples(format, mask).entries()) {
      if (isMasked) samplesOf(samples, format)[at] = 255;
    }
    const [made] = await filled(format, [{ samples, mask }], 4);
    expect(furthest(format, made, slope)).toBeLessThanOrEqual(1);
  });
});

describe.each([
  { pixelFormat: 'yuv420p', width: 144, height: 96 },
  { pixelFormat: 'yuv422p10le', width: 145, height: 97 },
])('$pixelFormat, $width x $height', (format) => {
  it.each([
    { side: 'left', box: { x: 0, y: 30, width: 20, height: 30 } },
    { side: 'upper', box: { x: 40, y: 0, width: 50, height: 17 } },
    { side: 'right', box: { x: format.width - 31, y: 20, width: 31, height: 44 } },
    { side: 'lower', box: { x: 8, y: format.height - 25, width: 120, height: 25 } },
  ])('fills at the $side edge, and leaves the rest', async ({ box }) => {
    const mask = maskOf(format, box);
    const { clean, hidden } = passing(format, mask, 5);
    const [made] = await filled(
      format,
      hidden.slice(2, 3).map((samples) => ({ samples, mask })),
      2,
    );
    const known = samplesOf(clean[2] ?? new Uint8Array(0), format);
    const result = samplesOf(made ?? new Uint8Array(0), format);
    const most = 0.95 * (2 ** bitsOf(format) - 1);
    let [changed, white] = [0, 0];
    for (const [at, isMasked] of maskedSamples(format, mask).entries()) {
      if (!isMasked && result[at] !== known[at]) changed++;
      if (isMasked && (result[at] ?? 0) > most) white++;
    }
    expect({ changed, white }).toEqual({ changed: 0, white: 0 });
  });
});

const format = { pixelFormat: 'yuv420p', width: 128, height: 80 };
const mask = maskOf(format, { x: 40, y: 28, width: 50, height: 24 });

it('makes the same of a crop wherever a video is cut', async () => {
  const radius = 4;
  const { hidden } = passing(format, mask, 19, 0.05);
  // The region begins late and is gone in between; the picture jumps to another one.
  const crops = hidden.map((samples, at) => ({
    samples: at < 14 ? samples : drawn(format, (x, y) => scene(x, y + at, 99)),
    mask: at < 3 || at === 9 ? null : mask,
  }));
  const whole = await filled(format, crops, radius);
  for (const cut of [7, 13]) {
    const before = await filled(format, crops.slice(0, cut + radius), radius);
    const after = await filled(format, crops.slice(cut - radius), radius);
    expect(before.slice(0, cut)).toEqual(whole.slice(0, cut));
    expect(after.slice(radius)).toEqual(whole.slice(cut));
  }
});

it('takes nothing from beyond a cut', async () => {
  const still = drawn(format, (x, y, plane) => 0.1 + 0.8 * scene(x, y, plane));
  const other = drawn(format, (x, y, plane) => 0.1 + 0.8 * scene(x, y, plane + 50));
  const hide = (crop: Uint8Array) => {
    const samples = crop.slice();
    for (const [at, flag] of mask.entries()) if (flag === 255) samples[at] = 255;
    return samples;
  };
  const crops = [still, still, other, other, other].map((crop, at) =>
    at < 3 ? { samples: hide(crop), mask } : { samples: crop, mask: null },
  );
  const made = await filled(format, crops, 4);
  // Alone there is nothing but its surroundings.
  const [alone] = await filled(format, crops.slice(0, 1), 4);
  expect(made[0]).toEqual(alone);
  expect(furthest(format, made[2], other)).toBe(0);
});

it('follows a fade', async () => {
  const faded = (at: number, isHidden: boolean) =>
    drawn(format, (x, y, plane) => {
      if (isHidden && mask[y * format.width + x] !== 0) return 1;
      return plane > 0 ? 0.5 : (0.1 + 0.8 * scene(x, y, plane)) * (1 - at / 20);
    });
  const crops = Array.from({ length: 9 }, (_, at) => ({
    samples: faded(at, at >= 4),
    mask: at >= 4 ? mask : null,
  }));
  const made = await filled(format, crops, 8);
  expect(furthest(format, made[8], faded(8, false))).toBeLessThan(6);
});

it('makes an even picture of one that is masked everywhere', async () => {
  const everything = new Uint8Array(format.width * format.height).fill(255);
  const samples = drawn(format, (x, y) => scene(x, y, 1));
  const [made] = await filled(format, [{ samples, mask: everything }], 2);
  expect(new Set(made)).toEqual(new Set([128]));
});
