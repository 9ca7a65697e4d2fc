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
