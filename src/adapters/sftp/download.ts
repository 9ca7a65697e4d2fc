import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError, fullDisk } from '../../errors/system-error.ts';
import { noFollow } from '../files/open-file.ts';
import type { RemoteFiles } from './remote-files.ts';
import { orNull } from './sftp-errors.ts';
import type { SftpSession } from './sftp-session.ts';

/** Bytes written at once. */
const writeBytes = 1024 * 1024;

/**
 * Downloads a host's file to `localPath`, from where an earlier attempt stopped: bytes are written in order, so that
 * the size of what is there says how much of it is good. Whatever arrives before a connection is lost is kept, so that
 * a file comes home over any link that lets something through. The caller verifies the whole file by its hash.
 *
 * @param sizeBytes - Of the host's file; a longer file here is started again.
 * @returns false when the host has no such file, or a shorter one, or something else under its name.
 */
export async function download(
  files: Pick<RemoteFiles, 'step'>,
  path: string,
  localPath: string,
  sizeBytes: number,
): Promise<boolean> {
  try {
    await mkdir(dirname(localPath), { recursive: true });
    await using target = await open(localPath, constants.O_RDWR | constants.O_CREAT | noFollow);
    const sizeHere = async () => (await target.stat()).size;
    if ((await sizeHere()) > sizeBytes) await target.truncate(0);
    await assertRoom(localPath, sizeBytes - (await sizeHere()));
    if ((await sizeHere()) < sizeBytes)
      await files.step(async (session) => await orNull(fetchRest(session, path, target, sizeBytes)));
    await target.datasync();
    return (await sizeHere()) === sizeBytes;
  } catch (error) {
    // A link or a pipe is under its name.
    if (error instanceof RangeError) return false;
    throw asDiskError(error, localPath);
  }
}

/** @throws AppError `disk-full` before a byte is written: what cannot end well would only fill the disk for others. */
async function assertRoom(path: string, missingBytes: number): Promise<void> {
  const found = await statfs(dirname(path)).catch(() => null);
  // Some file systems do not say.
  if (found === null || found.blocks === 0 || missingBytes <= found.bavail * found.bsize) return;
  throw fullDisk(path, new Error(`${missingBytes} bytes are to be written`));
}

/** Every attempt writes at its own position: one that was given up and still ends can only write the same bytes again. */
async function fetchRest(
  session: Pick<SftpSession, 'readChunks'>,
  path: string,
  target: FileHandle,
  sizeBytes: number,
): Promise<void> {
  let { size: position } = await target.stat();
  // The attempt before may have been cut after its last byte.
  if (position >= sizeBytes) return;
  let chunks: Buffer[] = [];
  let bytes = 0;
  const write = async () => {
    let rest = Buffer.concat(chunks);
    chunks = [];
    bytes = 0;
    while (rest.length > 0) {
      const { bytesWritten } = await target.write(rest, 0, rest.length, position);
      position += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  };
  try {
    for await (const chunk of session.readChunks(path, position, sizeBytes - position)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= writeBytes) await write();
    }
  } finally {
    await write();
  }
}
