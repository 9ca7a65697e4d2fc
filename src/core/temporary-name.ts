import { createHash } from 'node:crypto';

/** Ending of files that are being written: no reader takes them, and leftovers may be deleted. */
export const temporarySuffix = '.tmp';

/** File systems take names of 255 bytes at most, some of 143. */
const maxShortBytes = 120;

const temporaryPattern = /^(.+)\.[0-9a-f]{12}\.tmp$/s;

/** A file name that leaves room for additions: itself, or a hash of a long one. */
export function shortName(name: string): string {
  if (Buffer.byteLength(name) <= maxShortBytes) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/**
 * The name under which a file is written before it gets its own.
 *
 * @param random - 6 random bytes, so that two writers never share a name.
 */
export function temporaryName(name: string, random: Buffer): string {
  return `${shortName(name)}.${random.toString('hex')}${temporarySuffix}`;
}

/** The {@link shortName} of the file that has this temporary name; null for a name of any other kind. */
export function nameOfTemporary(name: string): string | null {
  return temporaryPattern.exec(name)?.[1] ?? null;
}
