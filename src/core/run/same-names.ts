/** A name as a disk has it that knows neither case nor how a letter with its marks is composed. */
export function foldedName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/**
 * Two different names that such a disk takes for one; null where there are none. Only names that it changes are kept: there
 * may be a million.
 */
export function sameNames(names: Iterable<string>): readonly [one: string, other: string] | null {
  const changed = new Map<string, string>();
  for (const name of names) {
    const folded = foldedName(name);
    if (folded === name) continue;
    const other = changed.get(folded);
    if (other !== undefined && other !== name) return [other, name];
    changed.set(folded, name);
  }
  if (changed.size === 0) return null;
  for (const name of names) {
    const other = changed.get(name);
    if (other !== undefined && other !== name) return [other, name];
  }
  return null;
}
