import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Unwritable } from '../../core/run/written-folder.ts';
import { messageOf } from '../../errors/app-error.ts';
import { isErrno, isSystemError } from '../../errors/system-error.ts';

/** What the system says when a folder cannot be made or written to, in words. */
const reasonOfErrno: Readonly<Record<string, string>> = {
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a file is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk can only be read',
};

/** Why the system refuses a folder, as the end of a sentence; null for what is no error of the system. */
export function folderRefusal(error: unknown): string | null {
  return isSystemError(error) ? (reasonOfErrno[error.code] ?? messageOf(error)) : null;
}

/** {@link SourceFiles.whyUnwritable} of this machine. */
export async function whyUnwritable(folder: string): Promise<Unwritable | null> {
  const full = resolve(folder);
  try {
    if (!(await stat(full)).isDirectory()) return { isFull: false, reason: 'a file is in its place' };
    await access(full, constants.W_OK | constants.X_OK);
  } catch (error) {
    const isMissing = isErrno(error, 'ENOENT') && dirname(full) !== full;
    if (isMissing) return await whyUnwritable(dirname(full));
    return { isFull: false, reason: folderRefusal(error) ?? messageOf(error) };
  }
  return (await isFull(full)) ? { isFull: true, reason: 'its disk is full' } : null;
}

/** Of some file systems no number is known. Root may also use what is reserved. */
async function isFull(folder: string): Promise<boolean> {
  const disk = await statfs(folder).catch(() => null);
  if (disk === null || disk.blocks === 0) return false;
  return (process.getuid?.() === 0 ? disk.bfree : disk.bavail) === 0;
}
