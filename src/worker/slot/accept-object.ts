import { ApiError } from '../http/api-error.ts';
import type { ObjectShelf } from './object-store.ts';
import { readBlocks, ShortFileError } from './read-blocks.ts';
import { damaged, openUpload } from './uploads.ts';

/**
 * Publishes the upload at `incoming/<name>` under its hash, if it has that content. It is copied, and the copy is what
 * is verified: whoever may write the upload cannot change that any more. May be repeated: when the upload is gone
 * because it was accepted before, all is well.
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
  const isMissing = async () => (await shelf.missing([sha256])).has(sha256);
  if (!(await isMissing())) return;
  try {
    await accept(root, path, sha256, shelf);
  } catch (error) {
    // The same call may have been under way twice, and the upload been removed after the first.
    if (!(error instanceof ApiError) || error.code !== 'upload-missing' || (await isMissing())) throw error;
  }
}

async function accept(root: string, path: string, sha256: string, shelf: ObjectShelf): Promise<void> {
  await using upload = await openUpload(root, path);
  const { size } = await upload.file.stat();
  const isRight = await shelf.putBlocks(sha256, readBlocks(upload.file, 0, size)).catch(notShortened);
  if (!isRight) throw damaged(`${JSON.stringify(path)} holds other bytes than its hash says.`);
}

/** A file that became shorter is not the right one. */
function notShortened(error: unknown): false {
  if (error instanceof ShortFileError) return false;
  throw error;
}
