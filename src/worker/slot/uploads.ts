import { type FileHandle, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../errors/system-error.ts';
import { layout } from '../../protocol/layout.ts';
import { ApiError } from '../http/api-error.ts';
import { openAsItIs } from './verify-file.ts';

/** A plain name, directly in the folder. */
const uploadPath = new RegExp(`^${layout.incoming}/([A-Za-z0-9][A-Za-z0-9._-]{0,199})$`);

/** A file that a client has sent, open for reading. The client removes it: a container cannot write among uploads. */
interface Upload extends AsyncDisposable {
  readonly file: FileHandle;
}

/**
 * Opens `incoming/<name>`. No link is followed.
 *
 * @param root - The host's root folder.
 * @throws ApiError 403 when the path is another one or a link; 404 `upload-missing`; 400 when it is no file.
 */
export async function openUpload(root: string, path: string): Promise<Upload> {
  const name = uploadPath.exec(path)?.[1];
  const folder = join(root, layout.incoming);
  if (name === undefined || !(await lstat(folder)).isDirectory()) throw outside(path);
  const file = await openPlain(join(folder, name), path);
  if ((await file.stat()).isFile()) return { file, [Symbol.asyncDispose]: () => file.close() };
  await file.close();
  throw new ApiError(400, 'upload-invalid', `${JSON.stringify(path)} is no file.`);
}

/** What arrived is not what was sent. The client sends it again. */
export function damaged(message: string): ApiError {
  return new ApiError(422, 'object-damaged', message);
}

async function openPlain(full: string, path: string): Promise<FileHandle> {
  try {
    return await openAsItIs(full);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ELOOP') throw outside(path);
    if (error.code !== 'ENOENT') throw error;
    throw new ApiError(404, 'upload-missing', `There is no upload at ${JSON.stringify(path)}.`);
  }
}

function outside(path: string): ApiError {
  return new ApiError(403, 'path-outside', `${JSON.stringify(path)} is no plain name in ${layout.incoming}.`);
}
