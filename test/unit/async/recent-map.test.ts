import { expect, it } from 'vitest';
import { RecentMap } from '../../../src/async/recent-map.ts';

it('makes a value once, until it is forgotten', () => {
  const made: string[] = [];
  const recent = new RecentMap<string, string>(2);
  const get = (key: string) =>
    recent.getOr(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect(['a', 'b', 'a', 'c', 'b', 'a'].map(get)).toEqual(['A', 'B', 'A', 'C', 'B', 'A']);
  expect(made).toEqual(['a', 'b', 'c', 'a']);
  recent.forget('a');
  expect(get('a')).toBe('A');
  expect(made).toEqual(['a', 'b', 'c', 'a', 'a']);
});
