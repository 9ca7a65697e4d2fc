import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CutRules,
  choosePadding,
  cutSide,
  tileFor,
} from '../../../../../src/worker/upscale/onnx/tiles.ts';

const rules = (change: Partial<CutRules>): CutRules => ({
  ...{ side: 720, tile: 256, padding: 10, alignment: 1, fixed: null },
  ...change,
});

describe('cutSide', () => {
  it.each([
    { rule: 'whole frames are one window', change: { tile: 0 }, window: 720, count: 1 },
    { rule: 'what fits with its padding is not cut', change: { side: 276 }, window: 276, count: 1 },
    { rule: 'one pixel more makes two', change: { side: 277 }, window: 149, count: 2 },
    { rule: 'tiles share the side alike', change: {}, window: 254, count: 3 },
    { rule: 'a tiny side', change: { side: 1 }, window: 1, count: 1 },
    { rule: 'no padding', change: { padding: 0 }, window: 240, count: 3 },
    { rule: 'aligned windows', change: { side: 717, alignment: 8 }, window: 264, count: 3 },
    { rule: 'a fixed window', change: { fixed: 128 }, window: 128, count: 7 },
    {
      rule: 'a fixed window larger than the picture',
      change: { side: 50, fixed: 128 },
      window: 128,
      count: 1,
    },
  ])('$rule', ({ change, window, count }) => {
    const cut = cutSide(rules(change));
    expect(cut.window).toBe(window);
    expect(cut.spans).toHaveLength(count);
  });

  it('covers every pixel once, from windows that see the padding or the edge', () => {
    const anyRules = fc.record({
      side: fc.integer({ min: 1, max: 3000 }),
      tile: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 600 })),
      padding: fc.integer({ min: 0, max: 70 }),
      alignment: fc.constantFrom(1, 2, 4, 8, 64),
    });
    const check = (given: CutRules) => {
      const { window, spans } = cutSide(given);
      const { side, alignment, padding, tile, fixed } = given;
      const canvas = Math.max(Math.ceil(side / alignment) * alignment, fixed ?? 0);
      expect(spans[0]?.begin).toBe(0);
      expect(spans.at(-1)?.end).toBe(side);
      expect(window % alignment).toBe(0);
      const up = (length: number) => Math.ceil(length / alignment) * alignment;
      if (fixed !== null) expect(window).toBe(fixed);
      else if (tile > 0) expect(window).toBeLessThanOrEqual(up(tile) + 2 * up(padding));
      for (const [index, { windowBegin, begin, end }] of spans.entries()) {
        expect(end).toBeGreaterThan(begin);
        if (index > 0) expect(begin).toBe(spans[index - 1]?.end);
        expect(windowBegin % alignment).toBe(0);
        expect(windowBegin).toBeGreaterThanOrEqual(0);
        expect(windowBegin + window).toBeLessThanOrEqual(canvas);
        if (windowBegin > 0) expect(begin - windowBegin).toBeGreaterThanOrEqual(padding);
        else expect(begin).toBe(0);
        if (windowBegin + window < canvas) expect(windowBegin + window - end).toBeGreaterThanOrEqual(padding);
      }
    };
    fc.assert(fc.property(anyRules, (given) => check({ ...given, fixed: null })));
    const fixed = fc.integer({ min: 8, max: 500 });
    fc.assert(
      fc.property(anyRules, fixed, (given, length) => {
        const { padding } = choosePadding(given.padding, { width: length, height: null });
        check({ ...given, padding, alignment: 1, fixed: length });
      }),
    );
  });
});

describe('choosePadding', () => {
  const free = { width: null, height: null };
  it.each([
    { rule: 'the radius', radius: 18, fixed: free, padding: 18, isNoted: false },
    { rule: 'none is needed', radius: 0, fixed: free, padding: 0, isNoted: false },
    { rule: 'an unknown radius', radius: null, fixed: free, padding: 34, isNoted: true },
    { rule: 'a very deep model', radius: 349, fixed: free, padding: 64, isNoted: true },
    { rule: 'a small window', radius: 34, fixed: { width: 64, height: 256 }, padding: 16, isNoted: true },
  ])('$rule', ({ radius, fixed, padding, isNoted }) => {
    const choice = choosePadding(radius, fixed);
    expect(choice.padding).toBe(padding);
    expect(choice.note !== null).toBe(isNoted);
  });
});

it.each([
  { what: 'longer than a tile, but of fewer pixels', width: 320, height: 180, tile: 256, used: 0 },
  { what: 'of more pixels than a tile', width: 640, height: 360, tile: 256, used: 256 },
  { what: 'whole frames were asked for', width: 640, height: 360, tile: 0, used: 0 },
])('a frame is cut where it is larger than a tile: $what', ({ width, height, tile, used }) => {
  expect(tileFor({ width, height }, tile, 10)).toBe(used);
});
