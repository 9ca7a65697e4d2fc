import { describe, expect, it } from 'vitest';
import {
  grade,
  nameColour,
  peakOf,
  placeOf,
} from '../../../../../../src/worker/upsample/engines/describe/naming.ts';

const nameOf = (rgb: number) =>
  nameColour((rgb >> 16) / 255, ((rgb >> 8) & 255) / 255, (rgb & 255) / 255).name;

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
  ])('%s', (name, rgb) => expect(nameOf(rgb)).toBe(name));

  it('a gray is never given a tint', () => {
    const names = new Set(Array.from({ length: 256 }, (_, value) => nameOf(value * 0x010101)));
    expect([...names].sort()).toEqual(['black', 'charcoal', 'gray', 'light gray', 'white']);
  });
});

describe('places', () => {
  it.each([
    { place: null, weights: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
    { place: null, weights: [4, 0, 0, 0, 0, 0, 0, 0, 4] },
    { place: null, weights: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
    { place: 'in the upper left', weights: [5, 1, 0, 1, 0, 0, 0, 0, 0] },
    { place: 'on the right', weights: [0, 1, 2, 0, 1, 2, 0, 1, 2] },
    { place: 'in the lower part', weights: [0, 0, 0, 1, 1, 1, 2, 2, 2] },
    { place: 'in the center', weights: [0, 1, 0, 1, 4, 1, 0, 1, 0] },
  ])('$weights is $place', ({ place, weights }) => expect(placeOf(weights)).toBe(place));

  it('a peak is what rises above the lowest level', () => {
    expect(peakOf([0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.9])).toBe('in the lower right');
  });
});

it('a grade is the first whose limit is not reached', () => {
  const gradeOf = (value: number) => grade(value, [1, 2], ['low', 'middle', 'high']);
  expect([0, 1, 1.9, 2, 9].map(gradeOf)).toEqual(['low', 'middle', 'middle', 'high', 'high']);
});
