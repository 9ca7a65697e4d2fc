import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../errors/app-error.ts';

/** Ending of files that are being written; nothing reads them, and leftovers may be deleted. */
export const temporarySuffix = '.tmp';

/**
 * Writes a file so that its final name shows either the old content or the whole new one, also after a power
 * cut: temporary name beside it, fsync, rename, fsync of the folder. Makes missing folders.
 *
 * @throws AppError `disk-full` when there is no room; the target is untouched then.
 */
export async function publishFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, path);
  }
  await syncFolder(dirname(path));
}

/** A name beside `path` that no other process will choose. */
export function temporaryPathFor(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${temporarySuffix}`;
}

/** Makes a rename in `folder` survive a power cut. Windows cannot open folders and does without. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await openInNewFolder(path);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openInNewFolder(path: string) {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true });
    return await open(path, 'wx');
  }
}

/** Turns "no space left" into an error with a next step; anything else passes unchanged. */
export function asDiskError(error: unknown, path: string): unknown {
  if (!isErrno(error, 'ENOSPC') && !isErrno(error, 'EDQUOT')) return error;
  return new AppError({
    code: 'disk-full',
    message: `No space left on the disk while writing ${path}.`,
    hint: 'Free some space, then go on with --resume latest: nothing finished is lost.',
    isRetryable: true,
    cause: error,
  });
}

/** Whether something thrown is the system error `code`. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
