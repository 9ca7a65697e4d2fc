/**
 * What to say of a disk that is sure to fill: a run ends of it, though for no good, and its user should know before. Null where
 * there is room, or nothing is known.
 */
export function spaceNotice(folder: string, freeBytes: number | null, neededBytes: number): string | null {
  if (freeBytes === null || neededBytes <= freeBytes) return null;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  return `The disk of ${folder} has ${megabytes(freeBytes)} free, and about ${megabytes(neededBytes)} are needed.`;
}
