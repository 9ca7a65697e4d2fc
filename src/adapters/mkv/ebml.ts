import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../files/bounded-read.ts';

/** One element of a Matroska file (RFC 8794): its number with the marker bits, and where its content lies. */
export interface ElementPlace {
  readonly id: number;
  readonly headerAt: number;
  readonly contentAt: number;
  readonly contentBytes: number;
}

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

/** The number in the content of an element; 0 where there is none. */
export function uintOf(content: Buffer | null): number {
  return [...(content ?? [])].reduce((value, byte) => value * 256 + byte, 0);
}

export async function readElement(
  file: FileHandle,
  { contentAt, contentBytes }: ElementPlace,
): Promise<Buffer> {
  return await readExactly(file, contentAt, contentBytes);
}

/** An element, header included. */
export function makeElement(id: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([elementHeader(id, bytes), ...content]);
}

export function elementHeader(id: number, contentBytes: number): Buffer {
  return Buffer.concat([numberBytes(id), sizeBytes(contentBytes, lengthFor(contentBytes))]);
}

/** A header whose length does not depend on the size, so that it can be filled in later. */
export function fixedHeader(id: number, contentBytes: number): Buffer {
  return Buffer.concat([numberBytes(id), sizeBytes(contentBytes, 8)]);
}

export function uintElement(id: number, value: number): Buffer {
  return makeElement(id, numberBytes(value));
}

/** The same in eight bytes, so that it can be filled in later. */
export function fixedUintElement(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return makeElement(id, bytes);
}

function lengthFor(size: number): number {
  let length = 1;
  while (size >= 2 ** (7 * length) - 1) length += 1;
  return length;
}

function sizeBytes(size: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size) | (1n << BigInt(7 * length)));
  return bytes.subarray(8 - length);
}

/** As few bytes as hold it, the big end first. */
function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first === -1 ? 7 : first);
}
