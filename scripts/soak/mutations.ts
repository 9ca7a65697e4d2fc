/**
 * Feeds damaged specs, settings, manifests, results, locks, checkpoints and journals to whatever reads them:
 * `node scripts/soak/mutations.ts --runs 10000 --seed 1`. With --only NAME, one kind.
 */
import { parseArgs } from 'node:util';
import { feedMutations, mutationTargets } from '../../test/support/mutations/targets.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

for (const [name, create] of Object.entries(mutationTargets)) {
  if (values.only !== undefined && values.only !== name) continue;
  const startedMs = performance.now();
  await using target = await create();
  try {
    const { valid, refused } = await feedMutations(target, Number(values.runs), Number(values.seed));
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${name}: ${valid} understood, ${refused} refused with a reason, ${seconds} s\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(`${name}: FAULT ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
