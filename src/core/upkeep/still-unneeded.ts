import type { UnneededThing } from './find-unneeded.ts';

/**
 * Of what was found unneeded earlier, what is unneeded by now as well: what a run began to need in between is left
 * out, and so is everything that was never found.
 */
export function stillUnneeded<Thing extends { readonly kind: string; readonly name: string }>(
  earlier: readonly Thing[],
  now: readonly UnneededThing[],
): UnneededThing[] {
  const wanted = new Set(earlier.map(identityOf));
  return now.filter((thing) => wanted.has(identityOf(thing)));
}

function identityOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}
