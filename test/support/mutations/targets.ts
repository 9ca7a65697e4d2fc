import fc from 'fast-check';
import { mutated } from './mutate.ts';
import {
  configTarget,
  lockTarget,
  type MutationTarget,
  manifestTarget,
  resultTarget,
  specTarget,
} from './pure-targets.ts';
import { runTarget } from './run-targets.ts';

/** Everything that reads files others may have damaged, by name. */
export const mutationTargets: Readonly<Record<string, () => Promise<MutationTarget>>> = {
  spec: specTarget,
  config: configTarget,
  manifest: manifestTarget,
  result: resultTarget,
  lock: lockTarget,
  checkpoint: () => runTarget('checkpoint'),
  journal: () => runTarget('journal'),
};

/** How many mutated files were understood, and how many refused. */
export interface MutationCounts {
  valid: number;
  refused: number;
}

/**
 * Gives a target so many mutated files.
 *
 * @throws With the smallest file that it does not stand, and the seed to find it again.
 */
export async function feedMutations(
  target: MutationTarget,
  runs: number,
  seed: number,
): Promise<MutationCounts> {
  const counts: MutationCounts = { valid: 0, refused: 0 };
  const property = fc.asyncProperty(mutated(target.originals), async (content) => {
    counts[await target.read(content)] += 1;
  });
  const details = await fc.check(property, { numRuns: runs, seed });
  if (!details.failed) return counts;
  const [content = new Uint8Array()] = details.counterexample ?? [];
  const shown = JSON.stringify(Buffer.from(content).toString('utf8')).slice(0, 4_000);
  const place = `seed ${details.seed}, path ${details.counterexamplePath}`;
  throw new Error(`${target.name} (${place}): ${details.errorInstance}\n${shown}`, {
    cause: details.errorInstance,
  });
}
