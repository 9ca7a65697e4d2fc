import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assemblyFolderName, type RunOutput } from '../../core/run/run-format.ts';
import type { RemovedRun } from '../../ports/run-store.ts';
import { partPathOf } from '../video/assembly/assembly-folder.ts';
import { lockRunFolder } from './run-locks.ts';
import { checkpointName, runLockName } from './run-paths.ts';

/**
 * Removes a run folder and the unfinished video beside the run's output. The checkpoint goes last: a run that was removed only
 * in part is still listed, and can be removed again.
 */
export async function removeRun(folder: string, output: RunOutput | null): Promise<RemovedRun> {
  const release = await lockRunFolder(folder);
  try {
    const part = output?.type === 'file' ? partPathOf(output.path, join(folder, assemblyFolderName)) : null;
    const partBytes = part === null ? null : await sizeOf(part);
    const sizeBytes = (await sizeOf(folder)) ?? 0;
    if (part !== null) await rm(part, { force: true });
    for (const name of await readdir(folder)) {
      if (name === checkpointName || name === runLockName) continue;
      await rm(join(folder, name), { recursive: true, force: true });
    }
    await rm(join(folder, checkpointName));
    await rm(folder, { recursive: true, force: true });
    if (part === null || partBytes === null) return { paths: [folder], sizeBytes };
    return { paths: [folder, part], sizeBytes: sizeBytes + partBytes };
  } finally {
    await release();
  }
}

/** Bytes of a file, or of all below a folder; null where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return null;
  if (!entry.isDirectory()) return entry.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += (await sizeOf(join(path, name))) ?? 0;
  return bytes;
}
