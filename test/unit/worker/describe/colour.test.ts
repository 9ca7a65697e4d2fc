import { describe, expect, it } from 'vitest';
import { nameColour } from '../../../../src/worker/engines/describe/measure/colour-names.ts';
import { chromaOf, toOklab } from '../../../../src/worker/engines/describe/measure/oklab.ts';

describe('OKLab', () => {
  it.each([
    { rule: 'black is 0', rgb: [0, 0, 0], light: 0, a: 0, b: 0 },
    { rule: 'white is 1, without color', rgb: [255, 255, 255], light: 1, a: 0, b: 0 },
    // Published OKLab values (0.628, 0.2249, 0.1258) with lightness Lr = 0.5681 and a, b scaled by Lr / L.
    { rule: 'red', rgb: [255, 0, 0], light: 0.5681, a: 0.2035, b: 0.1139 },
    // (0.452, -0.0325, -0.3115), Lr = 0.3666.
    { rule: 'blue', rgb: [0, 0, 255], light: 0.3666, a: -0.0263, b: -0.2526 },
  ])('$rule', ({ rgb: [red = 0, green = 0, blue = 0], light, a, b }) => {
    const lab = toOklab(red, green, blue);
    expect(lab.light).toBeCloseTo(light, 3);
    expect(lab.a).toBeCloseTo(a, 3);
    expect(lab.b).toBeCloseTo(b, 3);
  });

  it('grays are neutral and get lighter in even steps', () => {
    for (let value = 1; value < 256; value++) {
      const here = toOklab(value, value, value);
      expect(chromaOf(here)).toBeLessThan(1e-3);
      const step = here.light - toOklab(value - 1, value - 1, value - 1).light;
      expect(step).toBeGreaterThan(0.0005);
      expect(step).toBeLessThan(0.02);
    }
  });

  it('nearly black values are near each other', () => {
    expect(toOklab(3, 2, 4).light).toBeLessThan(0.03);
    expect(chromaOf(toOklab(3, 2, 4))).toBeLessThan(0.01);
  });
});

describe('color names', () => {
  it.each([
    ['black', 0x000000],
    ['black', 0x0a0a0c],
    ['charcoal', 0x303030],
    ['gray', 0x808080],
    ['light gray', 0xbbbbbb],
    ['white', 0xfefefe],
    ['red', 0xe01010],
    ['maroon', 0x600f15],
    ['orange', 0xff8c1a],
    ['amber', 0xd8981e],
    ['yellow', 0xfff000],
    ['green', 0x28a040],
    ['dark green', 0x103a1a],
    ['olive', 0x605c20],
    ['teal', 0x107070],
    ['turquoise', 0x40c8c0],
    ['cyan', 0x00f4ff],
    ['sky blue', 0x87b5e0],
    ['blue', 0x2040d0],
    ['deep blue', 0x1e3a8a],
    ['navy', 0x0e1a48],
    ['purple', 0x802090],
    ['magenta', 0xff00f0],
    ['pink', 0xf4a8bc],
    ['brown', 0x704826],
    ['tan', 0xc4a67e],
    ['cream', 0xf6ecd2],
  ])('%s', (name, rgb) => {
    expect(nameColour(toOklab((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255)).name).toBe(name);
  });

  it('a gray is never given a tint', () => {
    const tints = new Set<string>();
    for (let value = 0; value < 256; value++) tints.add(nameColour(toOklab(value, value, value)).family);
    expect([...tints].sort()).toEqual(['black', 'gray', 'white']);
  });
});
