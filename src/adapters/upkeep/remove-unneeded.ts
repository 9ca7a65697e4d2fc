import pMap from 'p-map';
import { stillUnneeded } from '../../core/upkeep/still-unneeded.ts';
import type { Unneeded } from '../../ports/host-upkeep.ts';

/** Things that are removed at the same time. */
const removalsAtOnce = 32;

/** How one host's things are found and removed. */
interface Removal<Thing extends Unneeded> {
  find(): Promise<readonly Thing[]>;
  /** Removes a thing, unless it was touched since it was found; gives whether it did. */
  remove(thing: Thing): Promise<boolean>;
}

/** Removes those of the things that are still unneeded, runs first; gives what was removed. */
export async function removeUnneeded<Thing extends Unneeded>(
  things: readonly Unneeded[],
  { find, remove }: Removal<Thing>,
): Promise<readonly Thing[]> {
  const present = stillUnneeded(things, await find());
  const runs = present.filter(({ kind }) => kind === 'run');
  const others = present.filter(({ kind }) => kind !== 'run');
  const removedRuns = await removeAll(runs, remove);
  // A run that somebody touched meanwhile stays, and the objects that went with it have to be judged anew.
  const left = removedRuns.length === runs.length ? others : stillUnneeded(others, await find());
  return [...removedRuns, ...(await removeAll(left, remove))];
}

async function removeAll<Thing>(
  things: readonly Thing[],
  remove: (thing: Thing) => Promise<boolean>,
): Promise<Thing[]> {
  const outcomes = await pMap(things, remove, { concurrency: removalsAtOnce });
  return things.filter((_, index) => outcomes[index]);
}
