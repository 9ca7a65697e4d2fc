import { isSystemError } from '../../errors/system-error.ts';
import { ApiError } from '../api-error.ts';
import type { ObjectShelf } from './object-shelf.ts';
import { damaged, openUpload, removeUpload } from './uploads.ts';
import { verify } from './verify-file.ts';

/**
 * Publishes the upload at `incoming/<name>` under its hash, if it has that content; removes it if it has not. May be
 * repeated: when the upload is gone because it was accepted before, all is well.
 *
 * @param root - The host's root folder.
 * @throws ApiError as `openUpload`; 422 `object-damaged`.
 */
export async function acceptObject(
  root: string,
  path: string,
  sha256: string,
  shelf: ObjectShelf,
): Promise<void> {
  try {
    await accept(root, path, sha256, shelf);
  } catch (error) {
    if (!isOfGoneUpload(error) || (await shelf.missing([sha256])).has(sha256)) throw error;
  }
}

async function accept(root: string, path: string, sha256: string, shelf: ObjectShelf): Promise<void> {
  await using upload = await openUpload(root, path);
  const { print, isSound } = await verify(upload.file, sha256);
  if (!isSound || print === null) {
    await removeUpload(upload);
    throw damaged(`${JSON.stringify(path)} holds other bytes than its hash says.`);
  }
  if ((await shelf.missing([sha256])).has(sha256)) await shelf.adopt(sha256, upload.path, print);
  else await removeUpload(upload);
}

/** The same call may be under way twice, and then one of them finds nothing to move any more. */
function isOfGoneUpload(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === 'upload-missing';
  return isSystemError(error) && error.code === 'ENOENT';
}
