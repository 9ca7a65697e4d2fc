import { type FileHandle, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../errors/system-error.ts';
import { layout } from '../../protocol/layout.ts';
import { ApiError } from '../http/json-server.ts';
import type { ObjectFolder } from './object-folder.ts';
import { readBlocks, ShortFileError } from './read-blocks.ts';
import { openAsItIs } from './verified-objects.ts';

/** A plain name, directly in the folder. */
const uploadPath = new RegExp(`^${layout.incoming}/([A-Za-z0-9][A-Za-z0-9._-]{0,199})$`);

/**
 * Opens `incoming/<name>`, which the client removes: a container cannot write among uploads. No link is followed.
 *
 * @param root - The host's root folder.
 * @throws ApiError 403 when the path is another one or a link; 404 `upload-missing`; 400 when it is no file.
 */
export async function openUpload(root: string, path: string): Promise<FileHandle> {
  const name = uploadPath.exec(path)?.[1];
  const folder = join(root, layout.incoming);
  if (name === undefined || !(await lstat(folder)).isDirectory()) throw outside(path);
  const file = await openPlain(join(folder, name), path);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new ApiError(400, 'upload-invalid', `${JSON.stringify(path)} is not a file.`);
}

/**
 * Publishes the upload at `incoming/<name>` under its hash, if it has that content. It is copied, and the copy is what
 * is verified, because the upload may still be written to. May be repeated: when the upload is gone because it was
 * accepted before, all is well.
 *
 * @param root - The host's root folder.
 * @throws ApiError as `openUpload`; 422 `object-damaged`.
 */
export async function acceptObject(
  root: string,
  path: string,
  sha256: string,
  objects: ObjectFolder,
): Promise<void> {
  const isMissing = async () => (await objects.missing([sha256])).has(sha256);
  if (!(await isMissing())) return;
  try {
    await using file = await openUpload(root, path);
    const { size } = await file.stat();
    if (!(await objects.putBlocks(sha256, readBlocks(file, 0, size)))) throw wrongContent(path);
  } catch (error) {
    if (error instanceof ShortFileError) throw wrongContent(path);
    // The same call may have been under way twice, and the upload been removed after the first.
    if (!(error instanceof ApiError) || error.code !== 'upload-missing' || (await isMissing())) throw error;
  }
}

/** What arrived is not what was sent. The client sends it again. */
export function damaged(message: string): ApiError {
  return new ApiError(422, 'object-damaged', message);
}

function wrongContent(path: string): ApiError {
  return damaged(`${JSON.stringify(path)} holds other bytes than its hash says.`);
}

async function openPlain(full: string, path: string): Promise<FileHandle> {
  try {
    return await openAsItIs(full);
  } catch (error) {
    if (isErrno(error, 'ELOOP')) throw outside(path);
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new ApiError(404, 'upload-missing', `There is no upload at ${JSON.stringify(path)}.`);
  }
}

function outside(path: string): ApiError {
  return new ApiError(
    403,
    'path-outside',
    `${JSON.stringify(path)} is not a plain name in ${layout.incoming}.`,
  );
}
