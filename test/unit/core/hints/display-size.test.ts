import { expect, it } from 'vitest';
import { displaySize, roomiestBox } from '../../../../src/core/hints/display-size.ts';

const coded = { width: 720, height: 576, sampleAspect: { numerator: 1, denominator: 1 }, rotationDegrees: 0 };

it.each([
  { rule: 'square samples change nothing', change: {}, expected: { width: 720, height: 576 } },
  {
    rule: 'wide samples widen',
    change: { sampleAspect: { numerator: 64, denominator: 45 } },
    expected: { width: 1024, height: 576 },
  },
  {
    rule: 'tall samples heighten',
    change: { sampleAspect: { numerator: 3, denominator: 4 } },
    expected: { width: 720, height: 768 },
  },
  {
    rule: 'a quarter turn swaps the sides',
    change: { rotationDegrees: 90 },
    expected: { width: 576, height: 720 },
  },
  {
    rule: 'so does one the other way',
    change: { rotationDegrees: -90 },
    expected: { width: 576, height: 720 },
  },
  { rule: 'so does three of them', change: { rotationDegrees: 270 }, expected: { width: 576, height: 720 } },
  { rule: 'half a turn does not', change: { rotationDegrees: -180 }, expected: { width: 720, height: 576 } },
  { rule: 'an odd angle does not', change: { rotationDegrees: 45 }, expected: { width: 720, height: 576 } },
  {
    rule: 'samples are evened out before turning',
    change: { sampleAspect: { numerator: 64, denominator: 45 }, rotationDegrees: 90 },
    expected: { width: 576, height: 1024 },
  },
  {
    rule: 'what is no whole number of pixels is also kept exactly',
    change: { width: 640, height: 480, sampleAspect: { numerator: 4, denominator: 3 } },
    expected: { width: 853, height: 480, exact: { width: 2560, height: 1440, perPixel: 3 } },
  },
])('$rule', ({ change, expected }) => {
  expect(displaySize({ ...coded, ...change })).toEqual(expected);
});

it.each([
  { rule: 'wide', display: { width: 1920, height: 1080 }, expected: { width: 896, height: 504 } },
  { rule: 'tall', display: { width: 1080, height: 1920 }, expected: { width: 504, height: 896 } },
  { rule: 'nearly square', display: { width: 1000, height: 960 }, expected: { width: 688, height: 688 } },
  { rule: 'small', display: { width: 64, height: 64 }, expected: { width: 896, height: 504 } },
])('of several boxes that one is taken in which a picture gets largest: $rule', ({ display, expected }) => {
  const boxes = [
    { width: 896, height: 504 },
    { width: 688, height: 688 },
    { width: 504, height: 896 },
  ];
  expect(roomiestBox(display, boxes)).toEqual(expected);
  expect(roomiestBox(display, [])).toBeNull();
});
