import { expect, it } from 'vitest';
import { isFileSelected, isSelected } from '../../../../src/core/spec/select-specs.ts';

it.each([
  ['a/b.json', ['a/b.json'], true],
  ['a/b.json', ['a/b'], true],
  ['a/b.json', ['./a/'], true],
  ['a/b.json', ['b.json'], true],
  ['a/b.json', ['a/*'], true],
  ['a/b.json', ['*b*'], true],
  ['a/b.json', ['c'], false],
  ['a/b.json', ['b.jso'], false],
  ['a(1).json', ['a(1).json'], true],
  ['ab.json', ['a.json'], false],
  ['a/list.jsonl#2', ['a/list.jsonl#2'], true],
  ['a/list.jsonl#2', ['a/list.jsonl'], true],
  ['a/list.jsonl#2', ['list'], true],
  ['a/list.jsonl#2', ['list.jsonl#1'], false],
  ['a/b.json#v1', ['b'], true],
  ['a/b.json#v1', ['b.json#v2'], false],
] as const)('%s is among %j: %s', (spec, only, isIn) => {
  expect(isSelected(spec, { only: [...only], skip: [] })).toBe(isIn);
  expect(isSelected(spec, { only: [], skip: [...only] })).toBe(!isIn);
});

it('a file is read when one spec of it is wanted, and when only one of it is not', () => {
  expect(isFileSelected('list.jsonl', { only: ['list.jsonl#2'], skip: [] })).toBe(true);
  expect(isFileSelected('list.jsonl', { only: [], skip: ['list.jsonl#2'] })).toBe(true);
  expect(isFileSelected('list.jsonl', { only: ['other.jsonl#2'], skip: [] })).toBe(false);
});
