import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';

/** Names that `temporaryPathFor` gives. */
const temporaryName = /^(.+)\.[0-9a-f]{12}\.tmp$/s;

const foldersAtOnce = 32;

/**
 * Removes what a process that died left half-written beside these files, and nothing else. Whoever calls this holds
 * the lock that keeps others from writing them. What cannot be removed stays: it harms nobody.
 */
export async function removeLeftovers(paths: readonly string[]): Promise<void> {
  const namesByFolder = Map.groupBy(paths, dirname);
  await pMap(
    namesByFolder,
    async ([folder, files]) => removeIn(folder, new Set(files.map((file) => basename(file)))),
    { concurrency: foldersAtOnce },
  );
}

async function removeIn(folder: string, names: ReadonlySet<string>): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  const leftovers = found.filter((name) => names.has(temporaryName.exec(name)?.[1] ?? ''));
  for (const name of leftovers) await rm(join(folder, name), { force: true }).catch(() => undefined);
}
