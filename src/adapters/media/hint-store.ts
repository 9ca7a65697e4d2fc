import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isErrno } from '../../errors/system-error.ts';
import type { HintFile } from '../../ports/media-tool.ts';
import { AppendLog } from '../files/append-log.ts';
import { readWhole } from '../files/bounded-read.ts';
import { copyNew, makeFolder, ownerOnlyFolder, temporaryPathFor } from '../files/publish-file.ts';
import { asHintWriteError } from './hint-errors.ts';

interface EvictionRules {
  /** Above this the least recently used files go, down to nine tenths of it. */
  readonly maxSizeBytes: number;
  /** Files used after this moment stay, in milliseconds since the epoch. A file's mtime is its last use. */
  readonly keepUsedAfterMs: number;
  /** Files that stay whatever their age. */
  isInUse(path: string): boolean;
}

interface FileUse {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

/** Name of the folder in the store's own where hints are made before they come in; leftovers in it are removed. */
export const stagingName = 'making';

interface HintStoreOptions {
  readonly folder: string;
  /** Above this the least recently used hints go. */
  readonly maxSizeBytes: number;
}

const entrySchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size_bytes: z.int().min(1),
  width: z.int().min(1),
  height: z.int().min(1),
  frames: z.int().min(1),
});

const hourMs = 3_600_000;
/** The time of use is written at most this often per hint. */
const touchIntervalMs = 600_000;

/**
 * Finished hints in a folder: files under the name of their content, and a log of which request each one
 * answers. Two processes may work on it at once.
 */
export class HintStore {
  readonly #folder: string;
  readonly #maxSizeBytes: number;
  readonly #index: AppendLog<z.infer<typeof entrySchema>>;
  readonly #usedHere = new Set<string>();
  /** Bytes that may still come in before the folder is swept again. The first hint starts a sweep. */
  #bytesUntilSweep = 0;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: HintStoreOptions) {
    this.#folder = options.folder;
    this.#maxSizeBytes = options.maxSizeBytes;
    this.#index = new AppendLog({ path: join(options.folder, 'hints-v1.jsonl'), schema: entrySchema });
  }

  /** The hint for `key`, whole and unchanged; null when there is none, or when it is damaged. */
  async get(key: string): Promise<HintFile | null> {
    const entry = await this.#index.get(key);
    if (!entry) return null;
    const path = this.#pathOf(entry.sha256);
    if (!(await isWhole(path, entry.sha256))) return null;
    this.#usedHere.add(path);
    await touch(path);
    const { sha256, width, height, frames } = entry;
    return { path, sha256, sizeBytes: entry.size_bytes, width, height, frames };
  }

  /**
   * Takes over a finished file: it is moved in, and its old path is gone.
   *
   * @param key - Null keeps the file for this process, and no later process finds it.
   * @throws AppError `disk-full`.
   */
  async put(key: string | null, hint: HintFile): Promise<HintFile> {
    const path = this.#pathOf(hint.sha256);
    this.#usedHere.add(path);
    await moveInto(hint, path);
    const { sha256, sizeBytes: size_bytes, width, height, frames } = hint;
    if (key) await this.#index.put(key, { sha256, size_bytes, width, height, frames });
    this.#bytesUntilSweep -= hint.sizeBytes;
    if (this.#bytesUntilSweep < 0) this.#startSweep();
    return { ...hint, path };
  }

  /** Resolves when nothing is being written or removed any more. */
  async settled(): Promise<void> {
    await this.#index.settled();
    await this.#sweeping;
  }

  #pathOf(sha256: string): string {
    return join(this.#folder, 'files', sha256.slice(0, 2), `${sha256}.mp4`);
  }

  #startSweep(): void {
    // Sweeps are rare and run beside the work: one at the first hint, then one per tenth of the limit that came in.
    this.#bytesUntilSweep = Math.max(1, this.#maxSizeBytes / 10);
    this.#sweeping = this.#sweeping.then(() => this.#sweep()).catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    const keepUsedAfterMs = Date.now() - hourMs;
    await removeUnusedFiles(join(this.#folder, stagingName), keepUsedAfterMs);
    const leftBytes = await evictLeastRecentlyUsed(join(this.#folder, 'files'), {
      maxSizeBytes: this.#maxSizeBytes,
      keepUsedAfterMs,
      isInUse: (path) => this.#usedHere.has(path),
    });
    const roomBytes = this.#maxSizeBytes - leftBytes;
    this.#bytesUntilSweep = Math.max(this.#bytesUntilSweep, roomBytes);
  }
}

async function isWhole(path: string, sha256: string): Promise<boolean> {
  const file = await readWhole(path, { noFollow: true }).catch(() => null);
  return file !== null && createHash('sha256').update(file).digest('hex') === sha256;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  const stats = await stat(path).catch(() => null);
  if (!stats || now.getTime() - stats.mtimeMs < touchIntervalMs) return;
  await utimes(path, now, now).catch(() => undefined);
}

/** The file is already on the disk, and a rename that a power cut undoes is only a hint to be made again. */
async function moveInto(hint: HintFile, path: string): Promise<void> {
  try {
    await makeFolder(dirname(path), ownerOnlyFolder);
    await rename(hint.path, path);
  } catch (error) {
    // Windows does not replace a file that is being read. It then holds the same bytes, or is damaged.
    if (await isWhole(path, hint.sha256)) return await rm(hint.path, { force: true });
    if (!isErrno(error, 'EXDEV')) throw asHintWriteError(error, path);
    await copyAcrossDisks(hint.path, path);
  }
}

async function copyAcrossDisks(from: string, to: string): Promise<void> {
  const temporary = temporaryPathFor(to);
  try {
    await copyNew(from, temporary);
    await rename(temporary, to);
    await rm(from, { force: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw asHintWriteError(error, to);
  }
}

/**
 * Removes the least recently used files of a folder of folders until it is small enough. Files that vanish
 * meanwhile, because another process does the same, are no error.
 *
 * @returns the bytes that are left.
 */
async function evictLeastRecentlyUsed(folder: string, rules: EvictionRules): Promise<number> {
  const files = await listFiles(folder);
  let totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (totalBytes <= rules.maxSizeBytes) return totalBytes;
  const removable = files
    .filter((file) => file.usedAtMs < rules.keepUsedAfterMs && !rules.isInUse(file.path))
    .sort((a, b) => a.usedAtMs - b.usedAtMs);
  for (const file of removable) {
    if (totalBytes <= rules.maxSizeBytes * 0.9) break;
    if (await remove(file.path)) totalBytes -= file.sizeBytes;
  }
  return totalBytes;
}

/** Removes files of one folder that were last used before `beforeMs`: leftovers of killed processes. */
async function removeUnusedFiles(folder: string, beforeMs: number): Promise<void> {
  for (const file of await filesIn(folder)) {
    if (file.usedAtMs < beforeMs) await remove(file.path);
  }
}

async function listFiles(folder: string): Promise<readonly FileUse[]> {
  const names = await readdir(folder).catch(() => []);
  const found: FileUse[] = [];
  for (const name of names) found.push(...(await filesIn(join(folder, name))));
  return found;
}

async function filesIn(folder: string): Promise<readonly FileUse[]> {
  const names = await readdir(folder).catch(() => []);
  const uses = await Promise.all(names.map((name) => useOf(join(folder, name))));
  return uses.filter((use) => use !== null);
}

async function useOf(path: string): Promise<FileUse | null> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() ? { path, sizeBytes: stats.size, usedAtMs: stats.mtimeMs } : null;
}

async function remove(path: string): Promise<boolean> {
  return await rm(path).then(
    () => true,
    () => false,
  );
}
