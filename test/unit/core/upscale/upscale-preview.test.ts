import { describe, expect, it } from 'vitest';
import {
  framesToMeasure,
  paceBetween,
  scaledBox,
  wholeVideoMs,
} from '../../../../src/core/upscale/upscale-preview.ts';

describe('framesToMeasure', () => {
  it.each([
    { rule: 'many quick frames', oneMs: 50, available: 1_000, isEncoder: false, frames: 48 },
    { rule: 'some slower ones', oneMs: 250, available: 1_000, isEncoder: false, frames: 20 },
    { rule: 'no slow one', oneMs: 5_000, available: 1_000, isEncoder: false, frames: 0 },
    { rule: 'the encoder always', oneMs: 5_000, available: 1_000, isEncoder: true, frames: 8 },
    { rule: 'no more than there are', oneMs: 50, available: 3, isEncoder: true, frames: 3 },
  ])('$rule', ({ oneMs, available, isEncoder, frames }) =>
    expect(framesToMeasure(oneMs, available, isEncoder)).toBe(frames),
  );
});

it('a pace leaves out what few and many frames have alike, and is never nothing', () => {
  expect(paceBetween({ frames: 2, ms: 520 }, { frames: 42, ms: 920 })).toBe(10);
  expect(paceBetween({ frames: 2, ms: 2_000 }, { frames: 42, ms: 840 })).toBe(20);
  expect(paceBetween({ frames: 2, ms: 100 }, { frames: 2, ms: 100 })).toBe(50);
});

it('the whole video takes its frames and putting it together', () => {
  const target = { width: 1280, height: 720 };
  expect(wholeVideoMs({ frameMs: 10 }, 1_000, target)).toBeGreaterThan(11_000);
  expect(wholeVideoMs({ frameMs: 10 }, 1_000, target)).toBeLessThan(15_000);
});

it('a box is enlarged to whole pixels within the larger frame', () => {
  const from = { width: 101, height: 50 };
  expect(scaledBox({ x: 10, y: 10, width: 20, height: 20 }, from, { width: 202, height: 100 })).toEqual({
    ...{ x: 20, y: 20, width: 40, height: 40 },
  });
  const edge = scaledBox({ x: 80, y: 30, width: 21, height: 20 }, from, { width: 151, height: 74 });
  expect(edge.x + edge.width).toBeLessThanOrEqual(151);
  expect(edge.y + edge.height).toBeLessThanOrEqual(74);
});
