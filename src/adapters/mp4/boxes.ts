import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../files/bounded-read.ts';

/** One box of an MP4 file: its four-letter name and its content, without the header. */
interface Mp4Box {
  readonly name: string;
  readonly content: Buffer;
}

export class Mp4FormatError extends Error {
  override readonly name = 'Mp4FormatError';
}

/**
 * The boxes that lie side by side in `bytes` (ISO/IEC 14496-12, section 4.2).
 *
 * @throws Mp4FormatError when a box claims to be larger than what is there.
 */
export function* readBoxes(bytes: Buffer): Generator<Mp4Box> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const { name, headerBytes, sizeBytes } = readBoxHeader(bytes.subarray(at), bytes.length - at);
    yield { name, content: bytes.subarray(at + headerBytes, at + sizeBytes) };
    at += sizeBytes;
  }
}

/**
 * The box at the end of a path of names such as `['mdia', 'minf', 'stbl']`; the first one where there are several.
 * Null when there is none.
 */
export function findBox(bytes: Buffer, path: readonly string[]): Buffer | null {
  const [name, ...rest] = path;
  if (name === undefined) return bytes;
  for (const box of readBoxes(bytes)) {
    if (box.name === name) return findBox(box.content, rest);
  }
  return null;
}

/** The same. @throws Mp4FormatError when there is none. */
export function getBox(bytes: Buffer, path: readonly string[]): Buffer {
  const found = findBox(bytes, path);
  if (!found) throw new Mp4FormatError(`no ${path.at(-1)} box`);
  return found;
}

/** A box at the top of a file, and where its content lies there. */
interface TopBox {
  readonly name: string;
  readonly contentAt: number;
  readonly contentBytes: number;
}

/** The boxes at the top of a file, in order. @throws Mp4FormatError at the first that is damaged or cut off. */
export async function* topBoxesOf(file: FileHandle): AsyncGenerator<TopBox> {
  const { size } = await file.stat();
  for (let at = 0; at + 8 <= size; ) {
    const head = await readExactly(file, at, Math.min(16, size - at));
    const { name, headerBytes, sizeBytes } = readBoxHeader(head, size - at);
    yield { name, contentAt: at + headerBytes, contentBytes: sizeBytes - headerBytes };
    at += sizeBytes;
  }
}

/** No index of a video that can be handled here is larger. */
const maxContentBytes = 2 ** 30;

/** @throws Mp4FormatError when it is too large to be read at once. */
export async function readContent(
  file: FileHandle,
  { name, contentAt, contentBytes }: TopBox,
  maxBytes = maxContentBytes,
): Promise<Buffer> {
  if (contentBytes > maxBytes) throw new Mp4FormatError(`box ${name} is too large`);
  return await readExactly(file, contentAt, contentBytes);
}

/** Boxes at the top of a file that are looked at: a fragment of a video has two. */
const mostTopBoxes = 1_000_000;

/** The first box of this name at the top of a file, read whole; null when there is none. @throws As {@link readContent}. */
export async function readTopBox(
  file: FileHandle,
  name: string,
  maxBytes?: number,
): Promise<(TopBox & { readonly content: Buffer }) | null> {
  let seen = 0;
  for await (const box of topBoxesOf(file)) {
    if (box.name === name) return { ...box, content: await readContent(file, box, maxBytes) };
    seen += 1;
    if (seen > mostTopBoxes) throw new Mp4FormatError('it has too many boxes');
  }
  return null;
}

/**
 * Name and size of the box that `bytes` begin with.
 *
 * @param restBytes - What is left of the file: what a box of size 0 reaches to, and none is larger than.
 */
function readBoxHeader(bytes: Buffer, restBytes: number) {
  const short = bytes.readUInt32BE(0);
  const name = bytes.toString('latin1', 4, 8);
  const shown = /^[ -~]{4}$/.test(name) ? `box ${name}` : 'a box without a name';
  const headerBytes = short === 1 ? 16 : 8;
  if (headerBytes > bytes.length) throw new Mp4FormatError(`${shown} is cut off`);
  const sizeBytes = short === 1 ? Number(bytes.readBigUInt64BE(8)) : short === 0 ? restBytes : short;
  if (sizeBytes < headerBytes) throw new Mp4FormatError(`${shown} has an impossible size`);
  if (sizeBytes > restBytes) throw new Mp4FormatError(`${shown} is cut off`);
  return { name, headerBytes, sizeBytes };
}

/** One box, header included. */
export function makeBox(name: string, ...content: readonly Uint8Array[]): Buffer {
  const bytes = content.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([uint32(bytes), Buffer.from(name, 'latin1'), ...content], bytes);
}

/** A box that begins with a version and no flags. */
export function makeFullBox(name: string, version: 0 | 1, ...content: readonly Uint8Array[]): Buffer {
  return makeBox(name, uint32(version * 0x1000000), ...content);
}

/**
 * The boxes of `content` with some of them replaced.
 *
 * @param edit - What replaces a box: null keeps it as it is, an empty buffer leaves it out.
 */
export function editBoxes(content: Buffer, edit: (box: Mp4Box) => Buffer | null): Buffer {
  return Buffer.concat(Array.from(readBoxes(content), (box) => edit(box) ?? makeBox(box.name, box.content)));
}

/** Replaces the content of the box at the end of a path of names; `content` without it comes back as it is. */
export function editBoxAt(
  content: Buffer,
  path: readonly string[],
  edit: (content: Buffer) => Buffer,
): Buffer {
  const [name, ...rest] = path;
  if (name === undefined) return edit(content);
  return editBoxes(content, (box) =>
    box.name === name ? makeBox(name, editBoxAt(box.content, rest, edit)) : null,
  );
}

/** Numbers of 32 bits, big end first. */
export function uint32(...values: readonly number[]): Buffer {
  return uint32Table(values);
}

/** As many numbers of 32 bits as there are, big end first. */
export function uint32Table(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (let index = 0; index < values.length; index += 1) bytes.writeUInt32BE(values[index] ?? 0, index * 4);
  return bytes;
}

/** As many numbers of 64 bits as there are, big end first. */
export function uint64Table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), index * 8);
  return bytes;
}

/** The number of 32 bits at a place. @throws Mp4FormatError where the bytes end before. */
export function uint32At(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Mp4FormatError('a table is cut off');
  return bytes.readUInt32BE(at);
}
