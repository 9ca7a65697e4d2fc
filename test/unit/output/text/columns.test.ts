import { describe, expect, it } from 'vitest';
import { columnsOf, cutAtEnd, cutInMiddle, wrapped } from '../../../../src/output/text/columns.ts';

describe('columnsOf', () => {
  it.each([
    { rule: 'a Latin letter takes one', text: 'cranes', expected: 6 },
    { rule: 'a Chinese one takes two', text: '城市街道', expected: 8 },
    { rule: 'an emoji takes two', text: '🚢', expected: 2 },
    { rule: 'a combining mark takes none', text: 'e\u0301', expected: 1 },
    { rule: 'the marks of this program take one', text: '→…✗█', expected: 4 },
  ])('$rule', ({ text, expected }) => expect(columnsOf(text)).toBe(expected));
});

describe('cutInMiddle', () => {
  const path = '2026-01-10/harbour_at_dawn_take_00218d08.json';
  it.each([
    { rule: 'what fits stays', columns: 45, expected: path },
    { rule: 'both ends stay', columns: 25, expected: '2026-01-10/h…0218d08.json' },
    { rule: 'one column is an ellipsis', columns: 1, expected: '…' },
    { rule: 'no column is nothing', columns: 0, expected: '' },
  ])('$rule', ({ columns, expected }) => {
    const cut = cutInMiddle(path, columns);
    expect(columnsOf(cut)).toBe(Math.min(columns, path.length));
    expect(cut).toBe(expected);
  });

  it('counts wide letters by their columns', () => {
    expect(columnsOf(cutInMiddle('城市街道城市街道城市街道.json', 14))).toBeLessThanOrEqual(14);
  });
});

describe('cutAtEnd', () => {
  it.each([
    { rule: 'what fits stays', text: 'engine', columns: 6, expected: 'engine' },
    { rule: 'the rest is an ellipsis', text: 'engine loading', columns: 8, expected: 'engine …' },
    { rule: 'a wide letter is not divided', text: '城市街道', columns: 4, expected: '城…' },
  ])('$rule', ({ text, columns, expected }) => expect(cutAtEnd(text, columns)).toBe(expected));
});

describe('wrapped', () => {
  it.each([
    { rule: 'short text is one line', text: 'all is well', columns: 20, expected: ['all is well'] },
    {
      rule: 'lines end between words',
      text: 'the server is away',
      columns: 10,
      expected: ['the server', 'is away'],
    },
    {
      rule: 'a word longer than a line is divided',
      text: 'see /a/very/long/path now',
      columns: 9,
      expected: ['see', '/a/very/l', 'ong/path', 'now'],
    },
    { rule: 'no text is one empty line', text: '', columns: 10, expected: [''] },
  ])('$rule', ({ text, columns, expected }) => expect(wrapped(text, columns)).toEqual(expected));
});
