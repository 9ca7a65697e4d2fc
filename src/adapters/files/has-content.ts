import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isSystemError } from '../../errors/system-error.ts';

/** Whether the file at `path` holds exactly the content with this hex SHA-256; false when it cannot be read. */
export async function hasContent(path: string, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
  return hash.digest('hex') === sha256;
}
