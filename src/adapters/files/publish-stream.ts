import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError } from '../../errors/disk-full.ts';
import { syncFolder } from './publish-file.ts';
import { temporaryPathFor } from './temporary-path.ts';

/** Characters gathered before they are written. */
const bufferLength = 256 * 1024;

/** Like `publishFile`, for a text that comes in pieces and need not fit into memory. */
export async function publishStream(
  path: string,
  pieces: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writePieces(temporary, pieces);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, path);
  }
  await syncFolder(dirname(path));
}

async function writePieces(path: string, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let waiting = '';
    for await (const piece of pieces) {
      waiting += piece;
      if (waiting.length < bufferLength) continue;
      await file.write(waiting);
      waiting = '';
    }
    await file.write(waiting);
    await file.sync();
  } finally {
    await file.close();
  }
}
