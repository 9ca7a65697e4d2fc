import { lstatSync, type Stats, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type openRegularFile, openWithStats, readingFlags } from './open-file.ts';
import { quickly, readSmall } from './quick-disk.ts';

type OpenOptions = Parameters<typeof openRegularFile>[1];

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
 * @throws RangeError when it holds more than `maxBytes`, of which no more is read; else as {@link openRegularFile}.
 */
export async function readAtMost(path: string, maxBytes: number, options?: OpenOptions): Promise<Buffer> {
  return (await readRegularFile(path, maxBytes, options)).bytes;
}

/** {@link readAtMost}, with what the file is. */
export async function readRegularFile(
  path: string,
  maxBytes: number,
  options: OpenOptions = {},
): Promise<{ readonly bytes: Buffer; readonly stats: Stats }> {
  const small = await quickly(
    () => readSmall(path, options.noFollow ? lstatSync(path) : statSync(path), readingFlags(options)),
    async () => null,
  );
  if (small && small.bytes.length <= maxBytes) return small;
  const { file: opened, stats } = await openWithStats(path, options);
  await using file = opened;
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
  // One byte more than it says, to see that it ends there: pipes and files of the kernel say that they have none.
  let bytes = Buffer.allocUnsafe(stats.size + 1);
  for (let length = 0; ; ) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge(maxBytes);
    // There was room for more than the file says it has, and no more came.
    const isWhole = bytesRead === 0 || (stats.size > 0 && length === stats.size);
    if (isWhole) return { bytes: bytes.subarray(0, length), stats };
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.max(64 * 1024, 2 * length));
  }
}

/** The content of a file that may be of any size. @throws As {@link openRegularFile}. */
export async function readWhole(path: string, options?: OpenOptions): Promise<Buffer> {
  return (await readRegularFile(path, Number.POSITIVE_INFINITY, options)).bytes;
}

/** {@link readAtMost} as text in UTF-8. */
export async function readTextAtMost(path: string, maxBytes: number, options?: OpenOptions): Promise<string> {
  return (await readAtMost(path, maxBytes, options)).toString('utf8');
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
}
