import { type BigIntStats, lstatSync, utimesSync } from 'node:fs';

/** As many as one request may name. */
const maxRemembered = 200_000;

/** Half the time for which a tidying leaves alone whatever was touched, in milliseconds. */
const youngMs = 30 * 60_000;

/**
 * Which objects were verified, and which files they were then. A file with the same inode, size and time of change
 * is still sound, so that asking again costs one look at each instead of reading them all.
 */
export class SoundObjects {
  readonly #prints = new Map<string, string>();

  /** The longest known are forgotten when there are too many; they are read once more when they are asked for. */
  remember(sha256: string, print: string): void {
    this.#prints.delete(sha256);
    this.#prints.set(sha256, print);
    if (this.#prints.size <= maxRemembered) return;
    const [oldest] = this.#prints.keys();
    if (oldest !== undefined) this.#prints.delete(oldest);
  }

  has(sha256: string, print: string): boolean {
    return this.#prints.get(sha256) === print;
  }

  /**
   * Makes an old object young, because somebody is about to need it: a tidying that found it unneeded looks at its
   * time once more. It stays known to be sound.
   *
   * @param found - The file when it was known to be sound.
   */
  touch(sha256: string, path: string, found: BigIntStats): void {
    const now = new Date();
    // Not a duration, but the age of a file: only the clock that stamps files can tell.
    if (now.getTime() - Number(found.mtimeMs) < youngMs) return;
    try {
      utimesSync(path, now, now);
    } catch {
      // Somebody else's file, or a disk that takes no writes: then the next run sends what is missing again.
      return;
    }
    const touched = look(path);
    if (touched?.ino === found.ino && touched.size === found.size) this.remember(sha256, printOf(touched));
  }
}

/** What of a file changes with its content, as one comparable text. */
export function printOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

/** The print of what is at `path`, null when there is nothing. */
export function lookAt(path: string): string | null {
  const found = look(path);
  return found && printOf(found);
}

/**
 * What is at `path`, null when there is nothing. Not asynchronous: for thousands of files that would cost ten times
 * as much. Whoever looks at many lets others in now and then.
 */
export function look(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}
