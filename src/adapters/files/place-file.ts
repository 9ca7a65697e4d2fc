import { copyFile, link, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../../errors/system-error.ts';
import { hasContent } from './hash-file.ts';
import { makeFolder, publishFileBy } from './publish-file.ts';

/**
 * Makes the file at `source` also stand at `target`: as a second name where the file system can, else as a copy
 * that appears whole. A target that is there already is kept when it holds the same, and replaced when it was
 * damaged. Both files must never be changed in place.
 *
 * @param sha256 - Hex SHA-256 of the source. Null compares the sizes only.
 * @throws AppError `disk-full`.
 */
export async function placeFile(source: string, target: string, sha256: string | null = null): Promise<void> {
  await makeFolder(dirname(target));
  try {
    await link(source, target);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw error;
    if (isErrno(error, 'EEXIST') && (await isSame(source, target, sha256))) return;
    // Other disks, file systems without second names, and a target to be replaced want a copy.
    await publishFileBy(target, (temporary) => copyFile(source, temporary));
  }
}

async function isSame(source: string, target: string, sha256: string | null): Promise<boolean> {
  const [wanted, found] = await Promise.all([stat(source), stat(target).catch(() => null)]);
  return wanted.size === found?.size && (sha256 === null || (await hasContent(target, sha256)));
}
