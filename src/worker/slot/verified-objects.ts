import { type BigIntStats, constants, lstatSync, utimesSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../../errors/system-error.ts';
import { hashOf, ShortFileError } from './read-blocks.ts';

/** As many as one request may name. */
const maxRemembered = 200_000;

/** Half the time for which a prune leaves alone what was touched, in milliseconds. */
const youngMs = 30 * 60_000;

/** No link is followed, and a pipe without a writer does not block. */
const asItIs = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Which objects were verified, and which files they were then. A file with the same inode, size and time of change
 * is still intact, so that asking again costs one `stat` of each instead of reading them all.
 */
export class VerifiedObjects {
  readonly #fingerprints = new Map<string, string>();

  /** The longest known are forgotten when there are too many; they are read once more when they are asked for. */
  remember(sha256: string, fingerprint: string): void {
    this.#fingerprints.delete(sha256);
    this.#fingerprints.set(sha256, fingerprint);
    if (this.#fingerprints.size <= maxRemembered) return;
    const [oldest] = this.#fingerprints.keys();
    if (oldest !== undefined) this.#fingerprints.delete(oldest);
  }

  has(sha256: string, fingerprint: string): boolean {
    return this.#fingerprints.get(sha256) === fingerprint;
  }

  /**
   * Makes an old object young, because a run is about to need it: a prune that found it unneeded checks its time once
   * more. It stays known to be intact.
   *
   * @param found - The file when it was known to be intact.
   */
  touch(sha256: string, path: string, found: BigIntStats): void {
    const now = new Date();
    // Not a duration, but the age of a file: only the clock that stamps files can tell.
    if (now.getTime() - Number(found.mtimeMs) < youngMs) return;
    try {
      utimesSync(path, now, now);
    } catch {
      // Another user's file, or a disk that takes no writes: then the next run sends what is missing again.
      return;
    }
    const touched = statFile(path);
    if (touched?.ino === found.ino && touched.size === found.size)
      this.remember(sha256, fingerprintOf(touched));
  }
}

/** What of a file changes with its content, as one comparable text. */
export function fingerprintOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

/** The fingerprint of what is at `path`, null when there is nothing. */
export function fingerprintAt(path: string): string | null {
  const found = statFile(path);
  return found && fingerprintOf(found);
}

/**
 * What is at `path`, null when there is nothing. Not asynchronous: for thousands of files that would cost ten times
 * as much. A caller with many yields now and then.
 */
export function statFile(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

/** Opens what is at `path` itself for reading. Errors of the system pass through: `ELOOP` is a link. */
export async function openAsItIs(path: string): Promise<FileHandle> {
  return await open(path, asItIs);
}

/**
 * Whether the file at `path` holds the content with this hex SHA-256. A link or a folder does not.
 *
 * @returns `fingerprint`: the file's before it was read; null when it is gone.
 */
export async function verifyFile(path: string, sha256: string) {
  let fingerprint: string | null = null;
  try {
    await using file = await openAsItIs(path);
    const found = await file.stat({ bigint: true });
    fingerprint = fingerprintOf(found);
    const isIntact = found.isFile() && (await hashOf(file, 0, Number(found.size))) === sha256;
    return { fingerprint, isIntact };
  } catch (error) {
    if (error instanceof ShortFileError) return { fingerprint, isIntact: false };
    if (!isErrno(error, 'ENOENT', 'ELOOP', 'EIO')) throw error;
    return { fingerprint: fingerprintAt(path), isIntact: false };
  }
}
