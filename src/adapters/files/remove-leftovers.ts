import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { stemOfTemporary, temporaryStem } from './temporary-path.ts';

const foldersAtOnce = 32;

/**
 * Removes what a process that died left half-written beside these files, and nothing else. Whoever calls this holds
 * the lock that keeps others from writing them. What cannot be removed stays: it harms nobody.
 */
export async function removeLeftovers(paths: readonly string[]): Promise<void> {
  const pathsByFolder = Map.groupBy(paths, dirname);
  await pMap(
    pathsByFolder,
    async ([folder, files]) => removeIn(folder, new Set(files.map((file) => temporaryStem(basename(file))))),
    { concurrency: foldersAtOnce },
  );
}

async function removeIn(folder: string, stems: ReadonlySet<string>): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  const leftovers = found.filter((name) => stems.has(stemOfTemporary(name) ?? ''));
  for (const name of leftovers) await rm(join(folder, name), { force: true }).catch(() => undefined);
}
