import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError } from '../../errors/system-error.ts';
import type { RemoteFiles } from './remote-files.ts';

/** Bytes asked for at once: more than a fast link with some latency can hold. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Downloads a host's file to `localPath`, from where an earlier attempt stopped: pieces are written in order, so that
 * the size of what is there says how much of it is good. The caller verifies the whole file by its hash.
 *
 * @param sizeBytes - Of the host's file; a longer file here is started again.
 * @returns false when the host has no such file, or a shorter one.
 */
export async function download(
  files: RemoteFiles,
  path: string,
  localPath: string,
  sizeBytes: number,
): Promise<boolean> {
  try {
    await mkdir(dirname(localPath), { recursive: true });
    await using target = await open(localPath, 'a+');
    if ((await target.stat()).size > sizeBytes) await target.truncate(0);
    const isWhole = await fetchRest(files, path, target, sizeBytes);
    await target.datasync();
    return isWhole;
  } catch (error) {
    throw asDiskError(error, localPath);
  }
}

/** While one piece is written, the next is on its way. */
async function fetchRest(
  files: RemoteFiles,
  path: string,
  target: FileHandle,
  sizeBytes: number,
): Promise<boolean> {
  const fetch = (at: number) =>
    files.step((session) => session.readPart(path, at, Math.min(pieceBytes, sizeBytes - at)));
  let at = (await target.stat()).size;
  let next = at < sizeBytes ? fetch(at) : null;
  try {
    while (next !== null) {
      const piece = await next;
      next = null;
      if (piece === null || piece.length === 0) return false;
      at += piece.length;
      if (at < sizeBytes) next = fetch(at);
      await target.appendFile(piece);
    }
    return true;
  } finally {
    await next?.catch(() => undefined);
  }
}
