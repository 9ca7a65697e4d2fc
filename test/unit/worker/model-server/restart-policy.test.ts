import { describe, expect, it } from 'vitest';
import { modelServerLimits } from '../../../../src/worker/model-server/limits.ts';
import { RestartPolicy, type ServerEnd } from '../../../../src/worker/model-server/restart-policy.ts';

/** Ends of starts; `ready` and `answer` are what happened in between. */
function count(steps: readonly (ServerEnd | 'ready' | 'answer')[]) {
  const tally = new RestartPolicy(modelServerLimits);
  let reason: string | null = null;
  for (const step of steps) {
    if (step === 'ready') tally.loaded();
    else if (step === 'answer') tally.progressed();
    else reason = tally.ended(step);
  }
  return { reason, deaths: tally.deaths };
}

const times = <T>(length: number, steps: readonly T[]): T[] => Array.from({ length }, () => steps).flat();

describe('RestartPolicy', () => {
  it.each([
    { rule: 'two deaths while loading', steps: times(2, ['died-loading' as const]), says: null },
    { rule: 'three', steps: times(3, ['died-loading' as const]), says: /3 times in a row while it loaded/ },
    {
      rule: 'three, but ready in between',
      steps: ['died-loading', 'died-loading', 'ready', 'died-serving', 'died-loading'] as const,
      says: null,
    },
    { rule: 'eight without an answer', steps: times(8, ['ready', 'died-serving'] as const), says: null },
    {
      rule: 'nine',
      steps: times(9, ['ready', 'died-serving'] as const),
      says: /9 times in a row without an answer/,
    },
    {
      rule: 'many, with answers',
      steps: times(99, ['ready', 'answer', 'died-serving'] as const),
      says: null,
    },
    { rule: 'a taken port is no death', steps: times(9, ['port-taken' as const]), says: null },
    { rule: 'but not for ever', steps: times(10, ['port-taken' as const]), says: /port taken 10 times/ },
  ])('$rule', ({ steps, says }) => {
    const { reason } = count(steps);
    if (says === null) expect(reason).toBeNull();
    else expect(reason).toMatch(says);
  });

  it('tells how the pause is to grow', () => {
    expect(count(['ready', 'answer', 'died-serving', 'died-loading']).deaths).toBe(2);
    expect(count(['port-taken']).deaths).toBe(1);
  });
});
