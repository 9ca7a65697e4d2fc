import type { Stats } from 'node:fs';
import { statQuickly } from './quick-disk.ts';

/** A file that was changed shortly before it was read may change again within the same tick of the disk's clock. */
const settledAfterMs = 2_000;

/** Beside a file's content, what its entry takes in memory, in bytes. */
const entryBytes = 500;

interface ReadFile {
  readonly bytes: Uint8Array;
  readonly stats: Stats;
}

/** Content of files that were read, for who reads them once more: it is given out once, and only while the file is as it was. */
export class UnchangedFiles {
  readonly #files = new Map<string, ReadFile>();
  readonly #now: () => number;
  #freeBytes: number;

  /**
   * @param mostBytes - What is read when so much is kept already, is not kept.
   * @param now - The time in milliseconds since the epoch.
   */
  constructor(mostBytes: number, now: () => number = Date.now) {
    this.#now = now;
    this.#freeBytes = mostBytes;
  }

  /** @param file.stats - Of the open file that was read. */
  keep(path: string, { bytes, stats }: ReadFile): void {
    const isSettled = this.#now() - Math.max(stats.ctimeMs, stats.mtimeMs) > settledAfterMs;
    const size = bytes.length + entryBytes;
    if (!isSettled || !stats.isFile() || size > this.#freeBytes || this.#files.has(path)) return;
    this.#freeBytes -= size;
    this.#files.set(path, { bytes, stats });
  }

  /** What was read of this file, which is forgotten; null where it is another one by now. */
  async take(path: string): Promise<Uint8Array | null> {
    const known = this.#files.get(path);
    if (!known) return null;
    this.#files.delete(path);
    this.#freeBytes += known.bytes.length + entryBytes;
    const found = await statQuickly(path).catch(() => null);
    return found && isSame(found, known.stats) ? known.bytes : null;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  const facts = ['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'] as const;
  return one.isFile() && facts.every((fact) => one[fact] === other[fact]);
}
