import { expect, it } from 'vitest';
import { selectUnique } from '../../../../src/adapters/frames/decode-segment.ts';

it.each([
  { rule: 'no duplicates need no condition', repeats: [1, 1, 1], condition: null },
  { rule: 'threes are one term', repeats: [3, 3, 3], condition: 'between(n\\,0\\,6)*not(mod(n-0\\,3))' },
  {
    rule: 'a hold among single frames',
    repeats: [1, 1, 5, 1, 1],
    condition: 'between(n\\,0\\,1)+eq(n\\,2)+between(n\\,7\\,8)',
  },
])('$rule', ({ repeats, condition }) => {
  expect(selectUnique(repeats)).toEqual({ condition, frames: repeats.length, isUnique: null });
});

it('picks after decoding where a condition would be long', () => {
  const repeats = Array.from({ length: 4000 }, (_, run) => 1 + (run % 2));
  const { condition, frames, isUnique } = selectUnique(repeats);
  expect(condition).toBeNull();
  expect(frames).toBe(2000 + 2 * 2000 - 1);
  expect(
    Array.from({ length: frames }, (_, frame) => frame).filter((frame) => isUnique?.(frame)),
  ).toHaveLength(4000);
});
