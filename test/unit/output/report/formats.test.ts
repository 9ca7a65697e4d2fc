import { describe, expect, it } from 'vitest';
import {
  driftPercent,
  preciseDurationText,
  signedPercentText,
} from '../../../../src/output/report/formats.ts';

describe('preciseDurationText', () => {
  it.each([
    [0, '0 ms'],
    [812, '812 ms'],
    [1_000, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [151_400, '2 min 31 s'],
    [3_599_600, '1 h 0 min'],
    [90_061_000, '25 h 1 min'],
  ])('%d ms is %s', (durationMs, expected) => expect(preciseDurationText(durationMs)).toBe(expected));
});

describe('signedPercentText', () => {
  it.each([
    [0, '0 %'],
    [0.04, '0 %'],
    [-1.26, '−1.3 %'],
    [12.5, '+13 %'],
    [1234.4, '+1,234 %'],
  ])('%d is %s', (value, expected) => expect(signedPercentText(value)).toBe(expected));
});

describe('driftPercent', () => {
  it.each([
    { rule: 'too high a prediction is positive', predicted: 150, actual: 100, expected: 50 },
    { rule: 'without the engine’s count there is none', predicted: 150, actual: null, expected: null },
    { rule: 'without a prediction there is none', predicted: undefined, actual: 100, expected: null },
    { rule: 'a count of zero is no count', predicted: 150, actual: 0, expected: null },
  ])('$rule', ({ predicted, actual, expected }) => expect(driftPercent(predicted, actual)).toBe(expected));
});
