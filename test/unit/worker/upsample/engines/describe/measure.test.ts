import { describe, expect, it } from 'vitest';
import type { RgbFrame } from '../../../../../../src/ports/media-tool.ts';
import { measure } from '../../../../../../src/worker/upsample/engines/describe/measure.ts';
import { createRandom, paintFrame, type Rgb, texture } from '../../../../../support/rgb-frames.ts';

const grayOf = (value: number): Rgb => [value, value, value];
const plain = (rgb: Rgb) => paintFrame(() => rgb);
const measured = (...frames: [RgbFrame, ...RgbFrame[]]) => measure(frames);
const random = createRandom(7);
/** Texture in color. */
const scene =
  (brightness: number) =>
  (x: number, y: number): Rgb => {
    const value = texture(x, y) * brightness + 20 * random();
    return [value * 0.9, value * 0.7, value * 0.4];
  };

describe('light', () => {
  it.each([
    { rule: 'nearly black', brightness: 0.05, level: 'black' },
    { rule: 'low', brightness: 0.4, level: 'low' },
    { rule: 'balanced', brightness: 1, level: 'balanced' },
  ])('$rule', ({ brightness, level }) => {
    expect(measured(paintFrame(scene(brightness))).level).toBe(level);
  });

  it('a light gray is bright, and a saturated blue is not dark', () => {
    expect(measured(plain([190, 190, 190])).level).toBe('bright');
    expect(measured(plain([0, 0, 255])).level).toBe('balanced');
  });

  it.each([
    { rule: 'a slope from the left', paint: (x: number) => grayOf(220 - 200 * x), brightest: 'on the left' },
    {
      rule: 'a slope from the bottom',
      paint: (_: number, y: number) => grayOf(20 + 200 * y),
      brightest: 'in the lower part',
    },
    {
      rule: 'a spot',
      paint: (x: number, y: number) => grayOf(x > 0.7 && y < 0.3 ? 230 : 40),
      brightest: 'in the upper right',
    },
  ])('$rule is found where it is', ({ paint, brightest }) => {
    expect(measured(paintFrame(paint))).toMatchObject({ spread: 'placed', brightest });
  });

  it('an even field has no brightest place, and a chessboard has several', () => {
    expect(measured(plain([90, 90, 90]))).toMatchObject({ spread: 'even', brightest: null });
    const chessboard = paintFrame((x, y) => grayOf((Math.floor(3 * x) + Math.floor(3 * y)) % 2 ? 220 : 30));
    expect(measured(chessboard)).toMatchObject({ spread: 'varied', brightest: null });
  });

  it('contrast is that within a frame, and frames of different light have no common level', () => {
    expect(measured(plain([250, 250, 250]), plain([5, 5, 5]))).toMatchObject({
      contrast: 'flat',
      isSteady: false,
    });
    expect(measured(paintFrame((x) => grayOf(x < 0.5 ? 5 : 250)))).toMatchObject({
      contrast: 'strong',
      isSteady: true,
    });
  });
});

describe('color', () => {
  it('names the colors, their shares and their places, largest first', () => {
    const { colours } = measured(paintFrame((x) => (x < 0.55 ? [14, 26, 72] : [245, 138, 30]))).palette;
    expect(colours).toMatchObject([
      { name: 'navy', place: 'on the left' },
      { name: 'orange', place: 'on the right' },
    ]);
    expect(colours[0]?.share).toBeCloseTo(0.55, 1);
  });

  it('names each color once, and none beside another shade of it', () => {
    const greens: Rgb[] = [
      [46, 154, 60],
      [0, 255, 0],
      [50, 140, 70],
      [0, 0, 0],
    ];
    const { colours } = measured(paintFrame((x) => greens[Math.floor(4 * x)] ?? [0, 0, 0])).palette;
    expect(colours.map(({ name }) => name)).toEqual(['green', 'black']);
  });

  it.each([
    { rule: 'orange is warm and vivid', rgb: [245, 138, 30], temperature: 'warm', saturation: 'vivid' },
    { rule: 'blue is cool and vivid', rgb: [30, 80, 220], temperature: 'cool', saturation: 'vivid' },
    { rule: 'green is not warm', rgb: [40, 150, 60], temperature: 'cool', saturation: 'rich' },
    { rule: 'gray is neither', rgb: [120, 120, 120], temperature: 'balanced', saturation: 'neutral' },
    { rule: 'dusty beige is muted and warm', rgb: [170, 150, 130], temperature: 'warm', saturation: 'muted' },
  ] as const)('$rule', ({ rgb, temperature, saturation }) => {
    expect(measured(plain(rgb)).palette).toMatchObject({ temperature, saturation });
  });

  it('counts the colors of a segmentation map', () => {
    const areas = paintFrame((x, y) => (y < 0.4 ? [70, 130, 180] : x < 0.3 ? [220, 20, 60] : [128, 64, 128]));
    expect(measured(areas).palette.count).toBe(3);
  });
});

describe('detail', () => {
  it.each([
    {
      rule: 'a slope is smooth',
      frame: paintFrame((x) => grayOf(255 * x)),
      detail: 'smooth',
      hasEdges: false,
    },
    {
      rule: 'a box has a few edges',
      frame: paintFrame((x, y) => grayOf(Math.hypot(x - 0.7, y - 0.7) < 0.25 ? 230 : 60)),
      detail: 'sparse',
      hasEdges: true,
      focus: 'in the lower right',
    },
    {
      rule: 'noise is dense everywhere',
      frame: paintFrame(() => grayOf(255 * random())),
      detail: 'dense',
      hasEdges: true,
      focus: null,
    },
  ])('$rule', ({ frame, rule: _, ...expected }) => expect(measured(frame)).toMatchObject(expected));
});

describe('frames of one tone', () => {
  it('are told by their tones', () => {
    expect(measured(plain([30, 60, 140])).tones).toEqual(['deep blue', 'deep blue']);
    expect(measured(plain([255, 255, 255]), plain([0, 0, 0])).tones).toEqual(['white', 'black']);
  });

  it.each([
    {
      rule: 'a small light',
      paint: (x: number, y: number) => grayOf(Math.hypot(x - 0.8, y - 0.2) < 0.01 ? 250 : 5),
    },
    { rule: 'a slope', paint: (x: number) => grayOf(100 + 60 * x) },
  ])('$rule makes a frame another picture', ({ paint }) => {
    expect(measured(paintFrame(paint)).tones).toBeNull();
  });
});

describe('frames of any size', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [97, 53],
    [1280, 704],
  ])('%ix%i is measured without trouble', (width, height) => {
    const { palette, level, motion } = measured(
      paintFrame(scene(1), { width, height }),
      paintFrame(scene(1), { width, height }),
    );
    expect(palette.colours[0]?.share).toBeGreaterThan(0);
    expect(level).not.toBe('black');
    expect(motion).not.toBeNull();
  });
});

describe('motion', () => {
  const textured = (dx = 0, dy = 0, gain = 1) => paintFrame((x, y) => grayOf(gain * texture(x - dx, y - dy)));
  const box = (left: number, top: number) =>
    paintFrame((x, y) => grayOf(x > left && x < left + 0.2 && y > top && y < top + 0.2 ? 230 : 60));
  const noise = () => paintFrame(() => grayOf(255 * random()), { width: 96, height: 96 });

  it.each<{ rule: string; frames: [RgbFrame, ...RgbFrame[]]; expected: object | null }>([
    { rule: 'one frame says nothing', frames: [textured()], expected: null },
    { rule: 'equal frames are still', frames: [textured(), textured()], expected: { kind: 'still' } },
    {
      rule: 'a picture that slides to the left',
      frames: [textured(), textured(-0.06)],
      expected: { kind: 'slide', to: 'left', isStrong: false },
    },
    {
      rule: 'a picture that slides up',
      frames: [textured(), textured(0, -0.06)],
      expected: { kind: 'slide', to: 'up', isStrong: false },
    },
    {
      rule: 'a far shift is strong',
      frames: [textured(), textured(0.125)],
      expected: { kind: 'slide', to: 'right', isStrong: true },
    },
    {
      rule: 'a thing that crosses a plain background is no camera move',
      frames: [box(0.7, 0.7), box(0.76, 0.7)],
      expected: { kind: 'local', place: 'in the lower right', isStrong: false },
    },
    {
      rule: 'a fade in',
      frames: [textured(0, 0, 0.3), textured()],
      expected: { kind: 'brighter', isStrong: true },
    },
    {
      rule: 'a fade out',
      frames: [textured(), textured(0, 0, 0.3)],
      expected: { kind: 'darker', isStrong: true },
    },
    { rule: 'noise is everywhere', frames: [noise(), noise()], expected: { kind: 'broad', isStrong: true } },
    {
      rule: 'three frames count as two pairs',
      frames: [textured(), textured(0.05), textured(0.1)],
      expected: { kind: 'slide', to: 'right', isStrong: false },
    },
  ])('$rule', ({ frames, expected }) => expect(measured(...frames).motion).toEqual(expected));
});
