import { createHash } from 'node:crypto';

/** File systems take names of 255 bytes at most, some of 143. */
const keptBytes = 120;

/** A name that leaves room for additions: itself, or where it is long, one that no other name has. */
export function shortName(name: string): string {
  if (Buffer.byteLength(name) <= keptBytes) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
