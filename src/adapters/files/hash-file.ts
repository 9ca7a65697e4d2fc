import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { isSystemError } from '../../errors/system-error.ts';
import { openRegularFile } from './open-file.ts';
import { unlessMissing } from './unless-missing.ts';

/** Larger pieces than usual: hashing is all that is done with them. */
const readBytes = 1024 * 1024;

/** Hex SHA-256 of a file. @throws As {@link openRegularFile}. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await using file = await openRegularFile(path);
  const content = file.createReadStream({ highWaterMark: readBytes, autoClose: false });
  await pipeline(content, hash, { ...(signal && { signal }) });
  return hash.digest('hex');
}

/** The same, but null where there is no file. One that cannot be read now is an error, and not a missing one. */
export async function hashFileIfThere(path: string): Promise<string | null> {
  return await unlessMissing(hashFile(path));
}

/** Whether the file at `path` holds exactly the content with this hex SHA-256; false when it cannot be read. */
export async function hasContent(path: string, sha256: string): Promise<boolean> {
  try {
    return (await hashFile(path)) === sha256;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}
