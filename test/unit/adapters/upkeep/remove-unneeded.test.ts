import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { removeUnneeded } from '../../../../src/adapters/upkeep/remove-unneeded.ts';
import type { Unneeded } from '../../../../src/ports/host-upkeep.ts';

const thing = (kind: Unneeded['kind'], name: string): Unneeded => ({ kind, name, sizeBytes: 1, reason: '' });

it('removes runs first, and what was found again', async () => {
  const log: string[] = [];
  const removed = await removeUnneeded([thing('object', 'a'), thing('run', 'r'), thing('object', 'gone')], {
    find: async () => [thing('object', 'a'), thing('run', 'r'), thing('object', 'new')],
    remove: async ({ name }) => {
      log.push(name);
      return true;
    },
  });
  expect([removed.map(({ name }) => name), log]).toEqual([
    ['r', 'a'],
    ['r', 'a'],
  ]);
});

it('removes only what was found earlier and is still unneeded', async () => {
  const removed = await removeUnneeded([thing('run', 'a'), thing('run', 'b')], {
    find: async () => [thing('run', 'b'), thing('run', 'c')],
    remove: async () => true,
  });
  expect(removed).toEqual([thing('run', 'b')]);
});

it('keeps the objects of a run that was touched meanwhile', async () => {
  const looks = [
    [thing('run', 'r'), thing('object', 'of r'), thing('object', 'of none')],
    [thing('object', 'of none')],
  ];
  const [first = []] = looks;
  const removed = await removeUnneeded(first, {
    find: async () => looks.shift() ?? [],
    remove: async ({ kind }) => kind !== 'run',
  });
  expect(removed.map(({ name }) => name)).toEqual(['of none']);
});

it('looks at each thing a few times however many there are, and removes many at once', async () => {
  let looks = 0;
  const things = Array.from({ length: 5_000 }, (_, at) => {
    const look = { get: (target: Unneeded, key: keyof Unneeded) => [target[key], looks++][0] };
    return new Proxy(thing('object', `object ${at}`), look as ProxyHandler<Unneeded>);
  });
  let atOnce = 0;
  let most = 0;
  const removed = await removeUnneeded(things, {
    find: async () => things,
    remove: async () => {
      most = Math.max(most, ++atOnce);
      await turn();
      atOnce--;
      return true;
    },
  });
  expect(removed).toHaveLength(things.length);
  expect(most).toBe(32);
  expect(looks).toBeLessThan(50 * things.length);
});
