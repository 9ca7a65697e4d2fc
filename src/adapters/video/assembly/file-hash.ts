import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isErrno } from '../../../errors/system-error.ts';

/** Hex SHA-256 of a file; null where there is none. One that cannot be read now is an error, and not a lost one. */
export async function fileHash(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
  return hash.digest('hex');
}
