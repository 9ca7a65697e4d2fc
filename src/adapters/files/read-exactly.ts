import type { FileHandle } from 'node:fs/promises';

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
