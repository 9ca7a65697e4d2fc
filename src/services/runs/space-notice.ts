/**
 * What to say of a disk that is sure to fill: a run ends of it, though for no good, and its user should know before. Null where
 * there is room, or nothing is known.
 */
export function spaceNotice(folder: string, freeBytes: number | null, neededBytes: number): string | null {
  if (freeBytes === null || neededBytes <= freeBytes) return null;
  // Rounded apart, so that what is free never reads as enough.
  const free = Math.floor(freeBytes / 1e6);
  const needed = Math.ceil(neededBytes / 1e6);
  return `The disk of ${folder} has ${free} MB free, and about ${needed} MB are needed.`;
}
