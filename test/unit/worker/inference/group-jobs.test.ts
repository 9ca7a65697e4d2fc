import { describe, expect, it } from 'vitest';
import { familyNamed } from '../../../../src/core/inference/families.ts';
import { groupTogether, halvesOf, maxFruitlessStarts } from '../../../../src/worker/inference/group-jobs.ts';
import { videoTasks } from '../../../support/sample-videos.ts';

const jobs = (...prompts: string[]) => videoTasks(prompts, 'a'.repeat(64)).map((task) => ({ task }));
const promptsOf = (some: readonly { task: { prompt: string } }[]) => some.map(({ task }) => task.prompt);

describe('videos that share a start', () => {
  it('are as many as it makes, from the front', () => {
    const { taken, rest } = groupTogether(jobs('a', 'b', 'c'), familyNamed('transfer2.5'), 2);
    expect([promptsOf(taken), promptsOf(rest)]).toEqual([['a', 'b'], ['c']]);
    expect(groupTogether([], familyNamed('transfer2.5'), 2)).toEqual({ taken: [], rest: [] });
  });

  it('have the same controls where the model wants it so', () => {
    const [first, second, third] = jobs('a', 'b', 'c');
    if (!first || !second || !third) return expect.unreachable();
    const depth = { kind: 'depth', sha256: null, extension: '', weight: 0.5 };
    const mixed = [first, { task: { ...second.task, controls: [depth] } }, third];
    const { taken, rest } = groupTogether(mixed, familyNamed('transfer2.5'), 8);
    expect([promptsOf(taken), promptsOf(rest)]).toEqual([['a', 'c'], ['b']]);
  });

  it('have different prompts where only those tell results apart', () => {
    const twice = jobs('a', 'b', 'a');
    expect(promptsOf(groupTogether(twice, familyNamed('transfer1'), 8).rest)).toEqual(['a']);
    expect(groupTogether(twice, familyNamed('transfer2.5'), 8).rest).toEqual([]);
  });
});

it('one bad video among many is found within the starts that are allowed without a video', () => {
  for (const size of [1, 2, 3, 5, 8, 12, 64]) {
    for (let bad = 0; bad < size; bad += 1) {
      // As a program that checks everything first: with the bad one among them it makes none.
      let fruitless = 0;
      let longest = 0;
      const groups = [Array.from({ length: size }, (_, index) => index)];
      for (let group = groups.pop(); group && group.length > 0; group = groups.pop()) {
        const isBad = group.includes(bad);
        fruitless = isBad ? fruitless + 1 : 0;
        longest = Math.max(longest, fruitless);
        if (isBad && group.length > 1) groups.push(...halvesOf(group));
      }
      expect(longest).toBeLessThanOrEqual(maxFruitlessStarts(size));
    }
  }
});
