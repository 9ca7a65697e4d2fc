import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError, isErrno, syncFile, temporaryPathFor } from './publish-file.ts';

/**
 * Makes the file at `source` also stand at `target`: as a second name where the file system can, else as a copy
 * that appears whole. A target that is there already is kept. Both files must never be changed in place.
 */
export async function placeFile(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await link(source, target);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    if (isErrno(error, 'ENOENT')) throw error;
    await copyWhole(source, target);
  }
}

/** Other disks, and file systems without second names, want a copy. */
async function copyWhole(source: string, target: string): Promise<void> {
  const temporary = temporaryPathFor(target);
  try {
    await copyFile(source, temporary);
    await syncFile(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, target);
  }
}
