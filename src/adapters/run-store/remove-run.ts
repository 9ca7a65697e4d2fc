import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
    const parts = output === null ? [] : await partsOf(folder, output);
    const sizeBytes = (await sizeOf(folder)) ?? 0;
    for (const { path } of parts) await rm(path, { recursive: true, force: true });
    for (const name of await readdir(folder)) {
      if (name === checkpointName || name === runLockName) continue;
      await rm(join(folder, name), { recursive: true, force: true });
    }
    await rm(join(folder, checkpointName));
    await rm(folder, { recursive: true, force: true });
    return {
      paths: [folder, ...parts.map(({ path }) => path)],
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, sizeBytes),
    };
  } finally {
    await release();
  }
}

/** Unfinished videos that are there, beside the names that they were going to have. */
async function partsOf(folder: string, output: RunOutput) {
  const file = { path: output.path, assembly: assemblyFolderName };
  // Pictures grow within a folder that was there before.
  const within = { ...file, path: join(output.path, basename(output.path)) };
  const videos = output.type === 'file' ? [file, within] : (output.videos ?? []);
  const parts: { readonly path: string; readonly sizeBytes: number }[] = [];
  for (const { path, assembly } of videos) {
    const part = partPathOf(path, join(folder, assembly));
    const sizeBytes = await sizeOf(part);
    if (sizeBytes !== null) parts.push({ path: part, sizeBytes });
  }
  return parts;
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
