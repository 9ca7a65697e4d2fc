import { type BigIntStats, lstatSync } from 'node:fs';

/** As many as one request may name. */
const maxRemembered = 200_000;

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
}

/** What of a file changes with its content, as one comparable text. */
export function printOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

/**
 * The print of what is at `path`, null when there is nothing. Not asynchronous: for thousands of files that would
 * cost ten times as much. Whoever looks at many lets others in now and then.
 */
export function lookAt(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? printOf(found) : null;
}
