import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A file that could not be read as far as it should reach. */
export class FileTooShortError extends Error {
  override readonly name = 'FileTooShortError';
}

/** Exactly these bytes of a file. @throws FileTooShortError when it ends before. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) throw new FileTooShortError('a file ends before its content does');
    read += bytesRead;
  }
  return bytes;
}

/**
 * The content of a file that ought to be small.
 *
 * @throws RangeError when it holds more than `maxBytes`: its size is looked at first, and of a device without an end
 * no more is read.
 */
export async function readAtMost(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const stats = await file.stat();
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
  return stats.isFile() ? await file.readFile() : await readStream(file, maxBytes);
}

/**
 * The content of a file that is to be a regular one: a pipe, a device or a folder is refused at once, and never waited for.
 *
 * @throws RangeError for what is no regular file, or holds more than `maxBytes`. Errors of the system pass through.
 */
export async function readRegularFile(
  path: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly stats: Stats }> {
  // Windows has no such flag.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stats = await file.stat();
  if (!stats.isFile()) throw new RangeError('it is not a regular file');
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
  const bytes = Buffer.alloc(Math.min(stats.size, maxBytes) + 1);
  let length = 0;
  // A file that grows meanwhile is read as far as it was, and one byte more tells.
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === bytes.length) break;
  }
  if (length > maxBytes) throw tooLarge(maxBytes);
  return { bytes: bytes.subarray(0, length), stats };
}

/** Pipes and devices have no size. */
async function readStream(file: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of file.createReadStream({ autoClose: false })) {
    parts.push(part);
    length += part.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
  }
  return Buffer.concat(parts);
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
}
