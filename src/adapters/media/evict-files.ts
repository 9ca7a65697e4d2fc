import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

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

/**
 * Removes the least recently used files of a folder of folders until it is small enough. Files that vanish
 * meanwhile, because another process does the same, are no error.
 *
 * @returns the bytes that are left.
 */
export async function evictLeastRecentlyUsed(folder: string, rules: EvictionRules): Promise<number> {
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
export async function removeUnusedFiles(folder: string, beforeMs: number): Promise<void> {
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
