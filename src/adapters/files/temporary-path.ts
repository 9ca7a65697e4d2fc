import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** Ending of files that are being written; nothing reads them, and leftovers may be deleted. */
export const temporarySuffix = '.tmp';

/** Longest stem in bytes: some file systems take names of 143 bytes only, most of 255. */
const maxStemBytes = 120;

const temporaryName = /^(.+)\.[0-9a-f]{12}\.tmp$/s;

/** A name beside `path` that no other process will choose, and that is short enough wherever `path` itself is. */
export function temporaryPathFor(path: string): string {
  const random = randomBytes(6).toString('hex');
  return join(dirname(path), `${temporaryStem(basename(path))}.${random}${temporarySuffix}`);
}

/** What the temporary names of a file of this name begin with: the name itself, or a hash of a long one. */
export function temporaryStem(name: string): string {
  if (Buffer.byteLength(name) <= maxStemBytes) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** The stem in a temporary name; null for any other name. */
export function stemOfTemporary(name: string): string | null {
  return temporaryName.exec(name)?.[1] ?? null;
}
