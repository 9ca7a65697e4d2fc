import { describe, expect, it } from 'vitest';
import type { RgbFrame } from '../../../../src/ports/media-tool.ts';
import { judge } from '../../../../src/worker/engines/describe/facts.ts';
import { measureFrames } from '../../../../src/worker/engines/describe/measure/measure.ts';
import { surfaceOf } from '../../../../src/worker/engines/describe/measure/surface.ts';
import { createRandom, paintFrame, type Rgb, texture } from '../../../support/rgb-frames.ts';

const grayOf = (value: number): Rgb => [value, value, value];
const measure = (...frames: [RgbFrame, ...RgbFrame[]]) => measureFrames(frames);
const factsOf = (...frames: [RgbFrame, ...RgbFrame[]]) => judge(measureFrames(frames), 'video');
const blob = (x: number, y: number) => 70 + 90 * y + 90 * Math.exp(-((x - 0.4) ** 2 + (y - 0.5) ** 2) * 30);
const random = createRandom(7);
/** Texture in color, so that it counts as footage. */
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
    { rule: 'balanced', brightness: 0.85, level: 'balanced' },
  ])('$rule', ({ brightness, level }) => {
    expect(factsOf(paintFrame(scene(brightness))).lightLevel).toBe(level);
  });

  it.each([
    {
      rule: 'a slope from the left',
      paint: (x: number) => grayOf(220 - 200 * x),
      place: { kind: 'side', side: 'left' },
    },
    {
      rule: 'a slope from the bottom',
      paint: (_: number, y: number) => grayOf(20 + 200 * y),
      place: { kind: 'side', side: 'bottom' },
    },
    {
      rule: 'a spot',
      paint: (x: number, y: number) => grayOf(x > 0.7 && y < 0.3 ? 230 : 40),
      place: { kind: 'zone', zone: 2 },
    },
    { rule: 'an even field', paint: () => grayOf(90), place: { kind: 'even' } },
  ])('$rule is found where it is', ({ paint, place }) => {
    expect(factsOf(paintFrame(paint)).lightPlace).toEqual(place);
  });

  it('shares of shadows and highlights are of the whole frame', () => {
    const { light } = measure(paintFrame((x) => grayOf(x < 0.25 ? 5 : 250)));
    expect(light.shadowShare).toBeCloseTo(0.25, 1);
    expect(light.highlightShare).toBeCloseTo(0.75, 1);
  });
});

describe('color', () => {
  it('names the colors, their shares and their places, largest first', () => {
    const { colour } = factsOf(paintFrame((x) => (x < 0.52 ? [14, 26, 72] : [245, 138, 30])));
    expect(colour.colours.map(({ name, place }) => ({ name, place }))).toEqual([
      { name: 'navy', place: 'left' },
      { name: 'orange', place: 'right' },
    ]);
    expect(colour.colours[0].share).toBeCloseTo(0.52, 1);
  });

  it.each([
    { rule: 'orange is warm and vivid', rgb: [245, 138, 30], temperature: 'warm', saturation: 'vivid' },
    { rule: 'blue is cool and vivid', rgb: [30, 80, 220], temperature: 'cool', saturation: 'vivid' },
    { rule: 'green is not warm', rgb: [40, 150, 60], temperature: 'cool', saturation: 'vivid' },
    { rule: 'gray is neither', rgb: [120, 120, 120], temperature: 'even', saturation: 'neutral' },
    { rule: 'dusty beige is muted and warm', rgb: [170, 150, 130], temperature: 'warm', saturation: 'muted' },
  ] as const)('$rule', ({ rgb, temperature, saturation }) => {
    expect(factsOf(paintFrame(() => rgb)).colour).toMatchObject({ temperature, saturation });
  });
});

describe('layout', () => {
  it.each([
    { rule: 'a horizon', paint: (_: number, y: number) => grayOf(y < 0.7 ? 180 : 70), lines: 'horizon' },
    { rule: 'pillars', paint: (x: number) => grayOf(Math.floor(x * 5) % 2 ? 60 : 200), lines: 'uprights' },
    {
      rule: 'stripes',
      paint: (_: number, y: number) => grayOf(Math.floor(y * 5) % 2 ? 60 : 200),
      lines: 'bands',
    },
    { rule: 'one upright', paint: (x: number) => grayOf(x < 0.4 ? 60 : 200), lines: 'upright' },
    { rule: 'a ramp has no line', paint: (x: number) => grayOf(255 * x), lines: 'none' },
    {
      rule: 'a mirror',
      paint: (x: number, y: number) => grayOf(blob(Math.abs(x - 0.5), y)),
      lines: 'mirror',
    },
  ])('$rule', ({ paint, lines }) => {
    expect(factsOf(paintFrame(paint)).lines).toBe(lines);
  });

  it('the height of a horizon is measured', () => {
    expect(factsOf(paintFrame((_, y) => grayOf(y < 0.7 ? 180 : 70))).horizonHeight).toBeCloseTo(0.7, 1);
  });
});

describe('kinds of pictures', () => {
  const plain = (rgb: Rgb) => paintFrame(() => rgb);
  const outline = paintFrame((x, y) =>
    grayOf(Math.abs(Math.hypot(x - 0.5, y - 0.5) - 0.3) < 0.006 ? 255 : 0),
  );
  const areas = paintFrame((x, y) => (y < 0.4 ? [70, 130, 180] : x < 0.3 ? [220, 20, 60] : [128, 64, 128]));
  const relief = paintFrame((x, y) => grayOf(blob(x, y)));
  const real = paintFrame(scene(1));

  it.each([
    { rule: 'a video of outlines is footage', kind: 'video', frame: outline, surface: 'footage' },
    { rule: 'a video of flat areas is footage', kind: 'video', frame: areas, surface: 'footage' },
    { rule: 'a video of gray slopes is footage', kind: 'video', frame: relief, surface: 'footage' },
    { rule: 'without a kind it is a video', kind: undefined, frame: outline, surface: 'footage' },
    { rule: 'an edge map is one, however busy', kind: 'edge', frame: real, surface: 'edges' },
    { rule: 'a segmentation map has areas', kind: 'seg', frame: areas, surface: 'regions' },
    { rule: 'a depth map is one', kind: 'depth', frame: relief, surface: 'depth' },
    { rule: 'blurred footage keeps its colors', kind: 'vis', frame: real, surface: 'masses' },
    { rule: 'one tone is a plain video', kind: 'video', frame: plain([30, 60, 140]), surface: 'plain' },
    { rule: 'an edge map without an edge is empty', kind: 'edge', frame: plain([0, 0, 0]), surface: 'empty' },
    {
      rule: 'a segmentation map of one area is empty',
      kind: 'seg',
      frame: plain([9, 90, 9]),
      surface: 'empty',
    },
  ] as const)('$rule', ({ kind, frame, surface }) => {
    expect(surfaceOf(kind, measure(frame))).toBe(surface);
  });

  it.each([
    { rule: 'in a video', kind: 'video', surface: 'plain' },
    { rule: 'in a segmentation map', kind: 'seg', surface: 'empty' },
  ] as const)('a white frame and a black one have no areas, $rule', ({ kind, surface }) => {
    const facts = judge(measureFrames([plain([255, 255, 255]), plain([0, 0, 0])]), kind);
    expect(facts).toMatchObject({
      surface,
      tones: ['white', 'black'],
      areas: { count: 1 },
      isLightSteady: false,
    });
  });

  it('areas are counted within one frame', () => {
    const shifted = paintFrame((x) => (x < 0.3 ? [10, 200, 30] : [230, 220, 40]));
    const { areas: counted } = judge(measureFrames([areas, shifted]), 'seg');
    expect(counted).toMatchObject({ count: 3, isSharp: true });
    expect(counted.largestShare).toBeCloseTo(0.42, 1);
  });

  it.each([
    {
      rule: 'scattered',
      isLit: (x: number, y: number) => (x * 8) % 1 < 0.08 && (y * 6) % 1 < 0.1,
      zone: null,
    },
    { rule: 'in one place', isLit: (x: number, y: number) => Math.hypot(x - 0.85, y - 0.15) < 0.03, zone: 2 },
  ])('small lights in the dark are found with their color, $rule', ({ isLit, zone }) => {
    const facts = factsOf(paintFrame((x, y) => (isLit(x, y) ? [235, 195, 50] : [8, 8, 12])));
    expect(facts).toMatchObject({ surface: 'footage', lightLevel: 'black', glow: { name: 'gold', zone } });
  });

  it.each([
    { rule: 'a hint of yellow is warm', rgb: [228, 228, 216], name: 'warm white' },
    { rule: 'gray is white', rgb: [190, 190, 190], name: 'white' },
  ] as const)('a small light: $rule', ({ rgb, name }) => {
    const facts = factsOf(paintFrame((x, y) => ((x * 8) % 1 < 0.08 && (y * 6) % 1 < 0.1 ? rgb : [4, 4, 4])));
    expect(facts.glow?.name).toBe(name);
  });

  it('a bright frame has no small lights', () => {
    expect(factsOf(paintFrame(() => [200, 200, 190])).glow).toBeNull();
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [97, 53],
    [1280, 704],
  ])('%ix%i is measured without trouble', (width, height) => {
    const facts = factsOf(paintFrame(scene(1), { width, height }), paintFrame(scene(1), { width, height }));
    expect(facts.colour.colours[0].share).toBeGreaterThan(0);
  });
});
