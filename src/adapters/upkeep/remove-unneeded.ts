import pMap from 'p-map';
import type { Unneeded } from '../../ports/host-upkeep.ts';

const removalsAtOnce = 32;

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
  const present = amongst(things, await find());
  const runs = present.filter(({ kind }) => kind === 'run');
  const others = present.filter(({ kind }) => kind !== 'run');
  const removedRuns = await removeAll(runs, remove);
  // A run that was touched meanwhile stays, and its objects are needed again.
  const left = removedRuns.length === runs.length ? others : amongst(others, await find());
  return [...removedRuns, ...(await removeAll(left, remove))];
}

/** Those of the things found now that were found earlier as well: what a run began to need in between is left out. */
function amongst<Thing extends Unneeded>(earlier: readonly Unneeded[], now: readonly Thing[]): Thing[] {
  const wanted = new Set(earlier.map(({ kind, name }) => `${kind} ${name}`));
  return now.filter(({ kind, name }) => wanted.has(`${kind} ${name}`));
}

async function removeAll<Thing>(
  things: readonly Thing[],
  remove: (thing: Thing) => Promise<boolean>,
): Promise<Thing[]> {
  const outcomes = await pMap(things, remove, { concurrency: removalsAtOnce });
  return things.filter((_, index) => outcomes[index]);
}
