import { expect, it } from 'vitest';
import { jsonChunks, LazyList } from '../../../../src/output/json/json-chunks.ts';

const long = Array.from({ length: 5_000 }, (_, index) => ({
  index,
  text: 'x'.repeat(20),
  none: [],
  some: [1],
}));

it.each([
  [
    'a document with lists',
    { version: 1, none: [], rows: [{ a: 1, b: { c: [] } }, 'x', null], missing: undefined, end: {} },
  ],
  ['an empty document', {}],
  ['a list', [1, { a: 2 }]],
  ['a text', 'x'],
  ['null', null],
  ['a long list', { long }],
  ['an entry that JSON has no word for', { rows: [undefined, () => 1] }],
])('gives %s as JSON.stringify does', (_name, document) => {
  expect([...jsonChunks(document)].join('')).toBe(`${JSON.stringify(document, null, 2)}\n`);
});

it('makes the entries of a lazy list one by one, and comes in pieces', () => {
  let made = 0;
  const list = new LazyList(function* () {
    for (const entry of long) {
      made += 1;
      yield entry;
    }
  });
  const chunks = jsonChunks({ long: list });
  const first = chunks.next().value ?? '';
  expect(made).toBeLessThan(1_000);
  expect(first + [...chunks].join('')).toBe(`${JSON.stringify({ long }, null, 2)}\n`);
  expect(JSON.parse(JSON.stringify({ long: list }))).toEqual({ long });
});
