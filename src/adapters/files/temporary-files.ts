import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { nameOfTemporary, shortName, temporaryName } from '../../core/temporary-name.ts';

const foldersAtOnce = 32;

/** A path beside `path` that no other process will choose, and that is short enough wherever `path` itself is. */
export function temporaryPathFor(path: string): string {
  return join(dirname(path), temporaryName(basename(path), randomBytes(6)));
}

/**
 * Removes what a process that died left half-written beside these files, and nothing else. The caller holds the lock
 * that keeps other processes from writing them. What cannot be removed stays: it does no harm.
 */
export async function removeLeftovers(paths: readonly string[]): Promise<void> {
  const pathsByFolder = Map.groupBy(paths, dirname);
  await pMap(
    pathsByFolder,
    async ([folder, files]) => removeIn(folder, new Set(files.map((file) => shortName(basename(file))))),
    { concurrency: foldersAtOnce },
  );
}

async function removeIn(folder: string, names: ReadonlySet<string>): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  const leftovers = found.filter((name) => names.has(nameOfTemporary(name) ?? ''));
  for (const name of leftovers) await rm(join(folder, name), { force: true }).catch(() => undefined);
}
