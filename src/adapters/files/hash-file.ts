import { createHash } from 'node:crypto';
import { isSystemError } from '../../errors/system-error.ts';
import { openWithStats } from './open-file.ts';
import { unlessMissing } from './unless-missing.ts';

/** Larger pieces than usual: hashing is all that is done with them. */
const readBytes = 1024 * 1024;
const leastBytes = 4096;

/** Hex SHA-256 of a file. @throws As {@link openRegularFile}. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const { file: opened, stats } = await openWithStats(path);
  await using file = opened;
  // A file of the kernel says that it is empty.
  const block = Buffer.allocUnsafe(Math.min(readBytes, Math.max(stats.size + 1, leastBytes)));
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(block, 0, block.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(block.subarray(0, bytesRead));
  }
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
