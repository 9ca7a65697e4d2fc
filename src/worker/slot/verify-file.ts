import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isSystemError } from '../../errors/system-error.ts';
import { hashOf, ShortFileError } from './read-blocks.ts';
import { lookAt, printOf } from './verified-objects.ts';

/** No link is followed, and a pipe that nobody writes to holds nobody up. */
const asItIs = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What a look into a file came to. */
interface Verdict {
  /** What the file looked like before it was read; null when it is gone. */
  readonly print: string | null;
  readonly isSound: boolean;
}

/** Opens what is at `path` itself for reading. Errors of the system pass through: `ELOOP` is a link. */
export async function openAsItIs(path: string): Promise<FileHandle> {
  return await open(path, asItIs);
}

/** Whether the file at `path` holds the content with this hex SHA-256. A link or a folder does not. */
export async function verifyFile(path: string, sha256: string): Promise<Verdict> {
  try {
    await using file = await openAsItIs(path);
    return await verify(file, sha256);
  } catch (error) {
    if (!isSystemError(error) || !['ENOENT', 'ELOOP', 'EIO'].includes(error.code)) throw error;
    return { print: lookAt(path), isSound: false };
  }
}

/** The same for an open file. */
async function verify(file: FileHandle, sha256: string): Promise<Verdict> {
  const found = await file.stat({ bigint: true });
  const print = printOf(found);
  if (!found.isFile()) return { print, isSound: false };
  try {
    return { print, isSound: (await hashOf(file, 0, Number(found.size))) === sha256 };
  } catch (error) {
    if (error instanceof ShortFileError) return { print, isSound: false };
    throw error;
  }
}
