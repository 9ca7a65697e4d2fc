import { expect, it } from 'vitest';
import { sameNames } from '../../../../src/core/run/same-names.ts';

it.each([
  { names: ['a.json', 'b.json', 'sub/a.json'], same: null },
  { names: ['A.json', 'a.json'], same: ['A.json', 'a.json'] },
  { names: ['a.json', 'b.json', 'A.json'], same: ['A.json', 'a.json'] },
  { names: ['Sub/a.json', 'sub/A.json'], same: ['Sub/a.json', 'sub/A.json'] },
  { names: ['caf\u00e9.json', 'cafe\u0301.json'], same: ['cafe\u0301.json', 'caf\u00e9.json'] },
  { names: ['A.json', 'A.json', 'B.json'], same: null },
])('of $names, $same are one on a disk that knows neither case nor composition', ({ names, same }) => {
  expect(sameNames(names)).toEqual(same);
});
