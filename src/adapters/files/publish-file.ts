import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError } from '../../errors/disk-full.ts';
import { isErrno } from '../../errors/system-error.ts';
import { temporaryPathFor } from './temporary-path.ts';

/** What some file systems say of a flush or a change of rights that they do not offer. */
const unsupportedCodes = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'] as const;

/**
 * Writes a file so that its final name shows either the old content or the whole new one, also after a power
 * cut: temporary name beside it, fsync, rename, fsync of the folder. Makes missing folders.
 *
 * @param mode - Rights of the new file; null leaves them to the user's defaults.
 * @throws AppError `disk-full` when there is no room; the target is untouched then.
 */
export async function publishFile(
  path: string,
  content: Uint8Array | string,
  mode: number | null = null,
): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await writeDurably(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, path);
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a rename in `folder` survive a power cut, where that is possible: Windows cannot open folders, some file
 * systems cannot flush them, and one that may be written need not be readable. What was renamed stands all the same.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isErrno(error, ...unsupportedCodes, 'EACCES', 'EISDIR')) throw error;
  }
}

/** Makes a file's content survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file and makes its content survive a power cut. Makes missing folders. */
export async function writeDurably(
  path: string,
  content: Uint8Array | string,
  mode: number | null,
): Promise<void> {
  const handle = await openInNewFolder(path);
  try {
    if (mode !== null) await changeMode(handle, mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not every file system knows rights. */
async function changeMode(handle: FileHandle, mode: number): Promise<void> {
  try {
    await handle.chmod(mode);
  } catch (error) {
    if (!isErrno(error, ...unsupportedCodes)) throw error;
  }
}

async function openInNewFolder(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true });
    return await open(path, 'wx');
  }
}
