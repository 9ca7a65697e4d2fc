import { expect, it } from 'vitest';
import { idsMatching, shortenId } from '../../../../src/core/run/run-reference.ts';

const first = '20260110-093000-12ca1b2c';
const second = '20260110-093001-77ca1b2c';
const ids = [first, second];

it.each([
  { rule: 'a whole id', typed: first, expected: [first] },
  { rule: 'its end', typed: '12ca1b2c', expected: [first] },
  { rule: 'its beginning', typed: '20260110-093001', expected: [second] },
  { rule: 'an end that both have', typed: 'ca1b2c', expected: ids },
  { rule: 'too little', typed: 'b2c', expected: [] },
  { rule: 'what is in the middle', typed: '0930', expected: [] },
])('a reference is $rule', ({ typed, expected }) => expect(idsMatching(typed, ids)).toEqual(expected));

it('an id that is the end of another is itself', () => {
  expect(idsMatching('run-1', ['my-run-1', 'run-1'])).toEqual(['run-1']);
});

it.each([
  { rule: 'eight characters tell it', all: ids, expected: '12ca1b2c' },
  { rule: 'more are needed', all: [...ids, '20260209-093000-12ca1b2c'], expected: '0-093000-12ca1b2c' },
  { rule: 'a shorter one is whole', id: 'run-1', all: ['run-1', 'run-2'], expected: 'run-1' },
])('a short id: $rule', ({ id = first, all, expected }) => {
  const short = shortenId(id, all);
  expect(short).toBe(expected);
  expect(idsMatching(short, all)).toEqual([id]);
});
