import { expect, it } from 'vitest';
import { displaySize } from '../../../../src/core/hints/display-size.ts';

const coded = { width: 720, height: 576, sampleAspectRatio: 1, rotationDegrees: 0 };

it.each([
  { rule: 'square samples change nothing', change: {}, expected: { width: 720, height: 576 } },
  {
    rule: 'wide samples widen',
    change: { sampleAspectRatio: 64 / 45 },
    expected: { width: 1024, height: 576 },
  },
  {
    rule: 'tall samples heighten',
    change: { sampleAspectRatio: 3 / 4 },
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
    change: { sampleAspectRatio: 64 / 45, rotationDegrees: 90 },
    expected: { width: 576, height: 1024 },
  },
])('$rule', ({ change, expected }) => {
  expect(displaySize({ ...coded, ...change })).toEqual(expected);
});
