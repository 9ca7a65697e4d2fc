import { describe, expect, it } from 'vitest';
import { remainingTimeMs } from '../../../../src/output/progress/upsample-progress.ts';

const pace = { workStartedMs: 1_000, nowMs: 11_000, answered: 20, remaining: 40, concurrency: 8 };

describe('remainingTimeMs', () => {
  it.each([
    { rule: 'goes on as it went', change: {}, expected: 20_000 },
    { rule: 'says nothing before the first start', change: { workStartedMs: null }, expected: null },
    { rule: 'says nothing before one wave is back', change: { answered: 7 }, expected: null },
    { rule: 'speaks once one wave is back', change: { answered: 8 }, expected: 50_000 },
    {
      rule: 'does not wait for a wave that cannot fill',
      change: { answered: 3, remaining: 3 },
      expected: 10_000,
    },
    { rule: 'is zero at the end', change: { remaining: 0 }, expected: 0 },
    {
      rule: 'is zero when nothing was to be done',
      change: { remaining: 0, workStartedMs: null, answered: 0 },
      expected: 0,
    },
    { rule: 'says nothing of no answers', change: { answered: 0, concurrency: 1 }, expected: null },
  ])('$rule', ({ change, expected }) => expect(remainingTimeMs({ ...pace, ...change })).toBe(expected));
});
