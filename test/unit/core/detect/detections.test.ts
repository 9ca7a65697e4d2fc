import { describe, expect, it } from 'vitest';
import {
  type Detection,
  overlapOf,
  showSameThings,
  suppressOverlaps,
} from '../../../../src/core/detect/detection.ts';
import {
  imageNetScale,
  inputOf,
  placeInside,
  plainScale,
  sizeInside,
  steppedSize,
} from '../../../../src/core/detect/picture-input.ts';
import { readTextMap } from '../../../../src/core/detect/text-map.ts';
import { readYoloOutput, yoloHeadOf } from '../../../../src/core/detect/yolo-output.ts';

const at = (left: number, top: number, width: number, height: number, score = 0.9, label = 0): Detection => ({
  rect: { left, top, right: left + width, bottom: top + height },
  score,
  label,
});

it('measures how much two rectangles share', () => {
  expect(overlapOf(at(0, 0, 10, 10).rect, at(5, 0, 10, 10).rect)).toBeCloseTo(1 / 3);
  expect(overlapOf(at(0, 0, 10, 10).rect, at(20, 0, 10, 10).rect)).toBe(0);
});

it('keeps the best of boxes that overlap, in each class', () => {
  const [weak, best, far, other] = [
    at(0, 0, 10, 10, 0.5),
    at(1, 0, 10, 10),
    at(40, 0, 10, 10, 0.4),
    at(1, 1, 10, 10, 0.6, 1),
  ];
  expect(suppressOverlaps([weak, best, far, other], 0.45)).toEqual([best, other, far]);
});

describe('whether two pictures show the same things', () => {
  it.each([
    { what: 'it moved a little', one: [at(0, 0, 100, 20)], other: [at(10, 8, 100, 20)], same: true },
    { what: 'it moved away', one: [at(0, 0, 100, 20)], other: [at(0, 30, 100, 20)], same: false },
    { what: 'it became longer', one: [at(0, 0, 100, 20)], other: [at(0, 0, 140, 20)], same: false },
    { what: 'it is gone', one: [at(0, 0, 100, 20)], other: [], same: false },
    { what: 'it came', one: [], other: [at(0, 0, 100, 20)], same: false },
    { what: 'it became weak', one: [at(0, 0, 100, 20)], other: [at(0, 0, 100, 20, 0.5)], same: true },
    { what: 'only weak ones', one: [at(0, 0, 100, 20, 0.5)], other: [], same: true },
  ])('$what', ({ one, other, same }) => expect(showSameThings(one, other, 0.8)).toBe(same));
});

describe('pictures as a model takes them', () => {
  it('puts a picture into the middle of a grey input, channel by channel', () => {
    const input = inputOf(
      Uint8Array.of(255, 0, 51),
      { width: 1, height: 1 },
      placeInside({ width: 1, height: 1 }, { width: 3, height: 1 }),
      plainScale,
    );
    const grey = Math.fround(114 / 255);
    expect([...input]).toEqual([grey, 1, grey, grey, 0, grey, grey, Math.fround(0.2), grey]);
  });

  it('scales by mean and deviation', () => {
    const size = { width: 1, height: 1 };
    const input = inputOf(Uint8Array.of(255, 0, 0), size, placeInside(size, size), imageNetScale);
    expect(input[0]).toBeCloseTo((1 - 0.485) / 0.229, 5);
    expect(input[1]).toBeCloseTo(-0.456 / 0.224, 5);
  });

  it('chooses sizes', () => {
    expect(steppedSize({ width: 1920, height: 1080 }, 960)).toEqual({ width: 960, height: 544 });
    expect(steppedSize({ width: 1000, height: 10 }, 640)).toEqual({ width: 640, height: 32 });
    expect(sizeInside({ width: 1080, height: 1920 }, { width: 640, height: 640 })).toEqual({
      width: 360,
      height: 640,
    });
  });
});

describe('lines of writing in a map of text', () => {
  const [width, height] = [200, 100];
  const mapOf = (
    ...cores: readonly (readonly [x: number, y: number, width: number, height: number, value: number])[]
  ) => {
    const map = new Float32Array(width * height);
    for (const [x, y, across, down, value] of cores)
      for (let row = y; row < y + down; row++) map.fill(value, row * width + x, row * width + x + across);
    return map;
  };
  const read = (map: Float32Array) =>
    readTextMap(map, { width, height }, { threshold: 0.3, leastScore: 0.5 });

  it('grows a core to its line', () => {
    const [line, ...others] = read(mapOf([50, 40, 80, 20, 0.9]));
    expect(others).toEqual([]);
    // 80 · 20 · 1.5 / (2 · 100) = 12; the line is 44 high: 0.19 · 44 - 6, but at most 2 more on each side.
    const by = 12 + 2;
    // Of the 48 that it then is, 0.03 above and 0.065 below are not taken.
    expect(line?.rect.top).toBeCloseTo(40 - by + 0.03 * 48);
    expect(line?.rect.bottom).toBeCloseTo(60 + by - 0.065 * 48);
    expect(line?.rect.right).toBeCloseTo(130 + by);
    expect(line?.score).toBeCloseTo(0.9);
  });

  it('takes words side by side for one line, and lines below each other for two', () => {
    expect(read(mapOf([20, 10, 40, 10, 0.9], [75, 10, 40, 10, 0.8]))).toHaveLength(1);
    expect(read(mapOf([20, 10, 40, 10, 0.9], [150, 10, 40, 10, 0.8]))).toHaveLength(2);
    expect(read(mapOf([20, 10, 40, 10, 0.9], [20, 50, 40, 10, 0.9]))).toHaveLength(2);
  });

  it('stays inside the picture, and drops what is weak or thin', () => {
    expect(read(mapOf([0, 0, 80, 20, 0.9]))[0]?.rect).toMatchObject({ left: 0, top: 0 });
    expect(read(mapOf([20, 10, 40, 10, 0.4], [20, 60, 40, 2, 0.9]))).toEqual([]);
  });
});

describe('outputs of YOLO exports', () => {
  const input = { width: 64, height: 32 };
  // 8 · 4 + 4 · 2 + 2 · 1 cells.
  const cells = 42;

  it.each([
    { dims: [1, 4 + 80, cells], head: 'anchor-free' },
    { dims: [1, 5, cells], head: 'anchor-free' },
    { dims: [1, 3 * cells, 6], head: 'anchored' },
    { dims: [1, 3 * cells, 85], head: 'anchored' },
    { dims: [1, 300, 6], head: 'end-to-end' },
    { dims: [1, 84, 100], head: null },
    { dims: [2, 84, cells], head: null },
    { dims: [1, 3, 32, 64], head: null },
  ])('$dims is $head', ({ dims, head }) => expect(yoloHeadOf(dims, input)).toBe(head));

  it('reads a score for each class, and drops what overlaps', () => {
    const values = new Float32Array(6 * cells);
    for (const [box, facts] of [
      [3, [20, 10, 8, 4, 0.1, 0.7]],
      [4, [21, 10, 8, 4, 0.2, 0.6]],
      [5, [50, 20, 4, 4, 0.3, 0.1]],
    ] as const)
      for (const [fact, value] of facts.entries()) values[fact * cells + box] = value;
    const [found, ...others] = readYoloOutput(values, [1, 6, cells], 'anchor-free', 0.4);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ rect: { left: 16, top: 8, right: 24, bottom: 12 }, label: 1 });
    expect(found?.score).toBeCloseTo(0.7);
  });

  it('multiplies the score of any object', () => {
    const values = new Float32Array(3 * cells * 7);
    values.set([20, 10, 8, 4, 0.8, 0.5, 0.9], 7);
    const [found] = readYoloOutput(values, [1, 3 * cells, 7], 'anchored', 0.4);
    expect(found?.label).toBe(1);
    expect(found?.score).toBeCloseTo(0.72);
  });

  it('takes finished boxes as they are', () => {
    const values = Float32Array.of(1, 2, 30, 40, 0.75, 7, 0, 0, 0, 0, 0, 0);
    expect(readYoloOutput(values, [1, 2, 6], 'end-to-end', 0.4)).toEqual([
      { rect: { left: 1, top: 2, right: 30, bottom: 40 }, score: 0.75, label: 7 },
    ]);
  });
});
