/** What tells one thing on a host from another. */
interface Identity {
  readonly kind: string;
  readonly name: string;
}

/**
 * Of what was found unneeded earlier, what is unneeded by now as well: what a run began to need in between is left
 * out, and so is everything that was never found.
 */
export function stillUnneeded<Thing extends Identity>(
  earlier: readonly Identity[],
  now: readonly Thing[],
): Thing[] {
  const wanted = new Set(earlier.map(identityOf));
  return now.filter((thing) => wanted.has(identityOf(thing)));
}

function identityOf({ kind, name }: Identity): string {
  return `${kind} ${name}`;
}
