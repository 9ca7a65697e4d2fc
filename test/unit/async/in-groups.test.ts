import { expect, it } from 'vitest';
import { inGroups } from '../../../src/async/in-groups.ts';

it('gives what comes while a call goes on to the next one, and each caller its own outcome', async () => {
  const groups: number[][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const add = inGroups(async (group: number[]) => {
    groups.push(group);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    await end.promise;
  });
  const outcomes: string[] = [];
  const note = (name: string, added: Promise<void>) =>
    added.then(
      () => outcomes.push(name),
      (error: unknown) => outcomes.push(`${name}: ${error}`),
    );
  const first = note('first', add([1]));
  await Promise.resolve();
  const others = [note('second', add([2, 3])), note('third', add([4]))];
  ends[0]?.resolve();
  await first;
  expect([groups, outcomes]).toEqual([[[1], [2, 3, 4]], ['first']]);
  ends[1]?.reject('no');
  await Promise.all(others);
  expect(outcomes).toEqual(['first', 'second: no', 'third: no']);
  const last = note('last', add([5]));
  await Promise.resolve();
  ends[2]?.resolve();
  await last;
  expect(groups.at(-1)).toEqual([5]);
  expect(outcomes.at(-1)).toBe('last');
});
