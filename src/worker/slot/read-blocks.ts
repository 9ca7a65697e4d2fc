import { createHash, hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Large enough that calls cost little, small enough that the event loop is not held up by one block's hash. */
const blockBytes = 1024 * 1024;

/** A file that ends before the range that was asked for. */
export class ShortFileError extends Error {
  constructor() {
    super('the file is shorter than it ought to be');
    this.name = 'ShortFileError';
  }
}

/**
 * A part of a file in blocks; the next one is read while the present one is worked on. A block is good until the
 * next one is asked for.
 *
 * @throws ShortFileError
 */
export async function* readBlocks(
  file: FileHandle,
  fromByte: number,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  const endByte = fromByte + sizeBytes;
  const buffers = [newBuffer(sizeBytes), newBuffer(sizeBytes - blockBytes)] as const;
  const read = (at: number, index: number) => fill(file, at, buffers[index % 2 === 0 ? 0 : 1], endByte);
  let next = read(fromByte, 0);
  try {
    for (let at = fromByte, index = 0; at < endByte; index += 1) {
      const block = await next;
      at += block.byteLength;
      next = read(at, index + 1);
      next.catch(() => undefined);
      yield block;
    }
  } finally {
    // The caller may close the file: no read may be under way then.
    await next.catch(() => undefined);
  }
}

/** Hex SHA-256 of a part of a file. @throws ShortFileError */
export async function hashOf(file: FileHandle, fromByte: number, sizeBytes: number): Promise<string> {
  if (sizeBytes <= blockBytes) return hash('sha256', await readRange(file, fromByte, sizeBytes));
  const whole = createHash('sha256');
  for await (const block of readBlocks(file, fromByte, sizeBytes)) whole.update(block);
  return whole.digest('hex');
}

/** A part of a file that fits into memory. @throws ShortFileError */
export async function readRange(file: FileHandle, fromByte: number, sizeBytes: number): Promise<Uint8Array> {
  return await fill(file, fromByte, Buffer.allocUnsafe(sizeBytes), fromByte + sizeBytes);
}

function newBuffer(wantedBytes: number): Uint8Array {
  return Buffer.allocUnsafe(Math.max(0, Math.min(blockBytes, wantedBytes)));
}

async function fill(
  file: FileHandle,
  fromByte: number,
  buffer: Uint8Array,
  endByte: number,
): Promise<Uint8Array> {
  const wantedBytes = Math.min(buffer.byteLength, endByte - fromByte);
  let filledBytes = 0;
  while (filledBytes < wantedBytes) {
    const at = fromByte + filledBytes;
    const { bytesRead } = await file.read(buffer, filledBytes, wantedBytes - filledBytes, at);
    if (bytesRead === 0) throw new ShortFileError();
    filledBytes += bytesRead;
  }
  return buffer.subarray(0, wantedBytes);
}
