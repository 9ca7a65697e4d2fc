import { expect, it } from 'vitest';
import { feedMutations, mutationTargets } from '../support/mutations/targets.ts';

it.each(Object.entries(mutationTargets))(
  'a damaged %s is understood or refused with a reason, and nothing else happens',
  async (_, create) => {
    await using target = await create();
    for (const content of target.originals) expect(await target.read(content)).toBe('valid');
    const { valid, refused } = await feedMutations(target, 250, 20_261_121);
    // The mutations are neither so mild that nothing is refused, nor so wild that nothing gets through.
    expect(refused).toBeGreaterThan(25);
    expect(valid).toBeGreaterThan(0);
  },
  60_000,
);
