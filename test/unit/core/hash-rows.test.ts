import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64UrlOfWords, TaskKeySet, wordsOfBase64Url } from '../../../src/core/hash-rows.ts';

const hash = (text: string) => createHash('sha256').update(text);
const keys = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map((number) => hash(String(number)).digest('hex')),
  fc.constantFrom('', '0'.repeat(64), 'f'.repeat(64), 'F'.repeat(64), 'key of a test'),
);
const steps = fc.array(fc.tuple(fc.constantFrom('add' as const, 'delete' as const), keys), { maxLength: 60 });

describe('TaskKeySet', () => {
  it('is a set, whatever the keys are', () => {
    fc.assert(
      fc.property(fc.array(keys), steps, keys, (first, changes, asked) => {
        const set = new TaskKeySet(first);
        const expected = new Set(first);
        for (const [what, key] of changes) {
          set[what](key);
          expected[what](key);
        }
        expect(set.has(asked)).toBe(expected.has(asked));
        expect([...set].sort()).toEqual([...expected].sort());
      }),
    );
  });

  it('grows', () => {
    const all = Array.from({ length: 20_000 }, (_, index) => hash(String(index)).digest('hex'));
    const set = new TaskKeySet(all);
    expect([...set]).toEqual(all);
    expect(all.every((key) => set.has(key))).toBe(true);
    expect(set.has(hash('another').digest('hex'))).toBe(false);
  });
});

it('a mark of an answer goes into words and back', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const mark = hash(text).digest('base64url').slice(0, 16);
      expect(base64UrlOfWords(wordsOfBase64Url(mark) ?? new Uint32Array(3))).toBe(mark);
    }),
  );
});
