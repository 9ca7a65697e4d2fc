import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../muxing/part-file.ts';

/** One element of a Matroska file (RFC 8794): its number with the marker bits, and where its content lies. */
export interface ElementPlace {
  readonly id: number;
  readonly headerAt: number;
  readonly contentAt: number;
  readonly contentBytes: number;
}

/** A file that is no Matroska file, or a damaged one. */
export class EbmlFormatError extends Error {
  override readonly name = 'EbmlFormatError';
}

/** The elements that lie side by side in `bytes`. */
export function* readElements(bytes: Buffer): Generator<ElementPlace> {
  for (let at = 0; at < bytes.length; ) {
    const place = readHeader(bytes, at, at);
    if (place.contentAt + place.contentBytes > bytes.length)
      throw new EbmlFormatError('an element is cut off');
    yield place;
    at = place.contentAt + place.contentBytes;
  }
}

/** The elements that lie side by side between two places of a file. */
export async function* readFileElements(
  file: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<ElementPlace> {
  for (let at = from; at < to; ) {
    const head = await readExactly(file, at, Math.min(12, to - at));
    const place = readHeader(head, 0, at);
    if (place.contentAt + place.contentBytes > to) throw new EbmlFormatError('an element is cut off');
    yield place;
    at = place.contentAt + place.contentBytes;
  }
}

/** Content of the first element of this number; null when there is none. */
export function findElement(bytes: Buffer, id: number): Buffer | null {
  for (const place of readElements(bytes)) {
    if (place.id === id) return contentOf(bytes, place);
  }
  return null;
}

export function contentOf(bytes: Buffer, { contentAt, contentBytes }: ElementPlace): Buffer {
  return bytes.subarray(contentAt, contentAt + contentBytes);
}

/** Length of a number whose first byte says it by its leading zeros. */
export function lengthOfNumber(first: number): number {
  return Math.clz32(first) - 23;
}

function readHeader(bytes: Buffer, at: number, offset: number): ElementPlace {
  const idBytes = lengthOfNumber(bytes[at] ?? 0);
  const sizeAt = at + idBytes;
  const sizeBytes = lengthOfNumber(bytes[sizeAt] ?? 0);
  if (idBytes > 4 || sizeBytes > 8 || sizeAt + sizeBytes > bytes.length) {
    throw new EbmlFormatError('an element has no header');
  }
  let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeBytes);
  for (let index = 1; index < sizeBytes; index += 1) size = size * 256 + (bytes[sizeAt + index] ?? 0);
  if (size >= 2 ** (7 * sizeBytes) - 1) throw new EbmlFormatError('an element has no size');
  return {
    id: bytes.readUIntBE(at, idBytes),
    headerAt: offset,
    contentAt: offset + idBytes + sizeBytes,
    contentBytes: size,
  };
}
