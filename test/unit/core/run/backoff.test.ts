import { describe, expect, it } from 'vitest';
import { backoffDelayMs } from '../../../../src/core/run/backoff.ts';

const policy = { baseDelayMs: 1_000, maxDelayMs: 30_000 };

describe('backoffDelayMs', () => {
  it.each([
    { rule: 'the first wait is bounded by the base', attempt: 1, random: 0.5, expected: 500 },
    { rule: 'the bound doubles', attempt: 2, random: 0.5, expected: 1_000 },
    { rule: 'and doubles again', attempt: 4, random: 0.5, expected: 4_000 },
    { rule: 'up to the maximum', attempt: 9, random: 0.5, expected: 15_000 },
    { rule: 'also for absurdly many attempts', attempt: 5_000, random: 0.5, expected: 15_000 },
    { rule: 'the jitter is full: it goes down to nothing', attempt: 9, random: 0, expected: 0 },
    { rule: 'and never reaches the bound', attempt: 1, random: 0.9999, expected: 999 },
    { rule: 'an attempt below one counts as one', attempt: 0, random: 0.5, expected: 500 },
  ])('$rule', ({ attempt, random, expected }) => {
    expect(backoffDelayMs(attempt, policy, random)).toBe(expected);
  });

  it('is nothing without a base', () => {
    expect(backoffDelayMs(7, { baseDelayMs: 0, maxDelayMs: 100 }, 0.9)).toBe(0);
  });
});
