import type { FileHandle } from 'node:fs/promises';
import { openRegularFile } from '../files/open-file.ts';
import type { RemoteFiles } from './remote-files.ts';
import { removeTree } from './remove-tree.ts';
import type { SftpSession } from './sftp-session.ts';

const pieceBytes = 2 * 1024 * 1024;

/** Pieces on their way at once: together more than a fast link with 100 ms of latency can hold. */
const piecesAtOnce = 8;

/**
 * Sends a file to `path` on the host, from where an earlier attempt stopped: writes arrive in order, so that the size of
 * what is there says how much of it is good. The receiver verifies the whole file by its hash.
 *
 * @param sizeBytes - Of the local file.
 */
export async function upload(
  files: RemoteFiles,
  localPath: string,
  path: string,
  sizeBytes: number,
): Promise<void> {
  await using source = await openRegularFile(localPath);
  await makeRoom(files, path, sizeBytes);
  await files.step((session) => sendRest(session, source, path, sizeBytes));
}

/**
 * Makes an empty file unless a part of this one is there: what is longer, or no file, is no part of it. A file that is
 * there is never cut: another client may be sending the same one.
 */
async function makeRoom(files: RemoteFiles, path: string, sizeBytes: number): Promise<void> {
  await files.step(async (session) => {
    const found = await session.lstat(path);
    if (found?.isFile() && found.size <= sizeBytes) return;
    if (found) await removeTree(session, path);
    await session.close(await session.openForWriting(path, 'a'));
  });
}

/** Queries the size first, because it may be repeated on another connection. */
async function sendRest(
  session: SftpSession,
  source: FileHandle,
  path: string,
  sizeBytes: number,
): Promise<void> {
  const handle = await session.openForWriting(path, 'r+');
  const onTheirWay: Promise<void>[] = [];
  try {
    let at = (await session.stat(path))?.size ?? 0;
    while (at < sizeBytes) {
      const length = Math.min(pieceBytes, sizeBytes - at);
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await source.read(buffer, 0, length, at);
      if (bytesRead === 0) throw new Error(`the file became shorter while it was sent to ${path}`);
      const writing = session.write(handle, path, buffer.subarray(0, bytesRead), at);
      // A lost connection fails all of them at once, and only one is waited for.
      writing.catch(() => undefined);
      onTheirWay.push(writing);
      at += bytesRead;
      if (onTheirWay.length >= piecesAtOnce) await onTheirWay.shift();
    }
    await Promise.all(onTheirWay);
  } finally {
    await Promise.allSettled(onTheirWay);
    await session.close(handle).catch(() => undefined);
  }
}
