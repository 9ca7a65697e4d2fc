/** One box of an MP4 file: its four-letter name and its content, without the header. */
export interface Mp4Box {
  readonly name: string;
  readonly content: Buffer;
}

/** A file that is no MP4, or a damaged one. */
export class Mp4FormatError extends Error {
  override readonly name = 'Mp4FormatError';
}

/**
 * The boxes that lie side by side in `bytes` (ISO/IEC 14496-12, section 4.2).
 *
 * @throws Mp4FormatError when a box claims to be larger than what is there.
 */
export function* readBoxes(bytes: Buffer): Generator<Mp4Box> {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const header = readBoxHeader(bytes, at, bytes.length - at);
    if (at + header.sizeBytes > bytes.length) throw new Mp4FormatError(`box ${header.name} is cut off`);
    yield { name: header.name, content: bytes.subarray(at + header.headerBytes, at + header.sizeBytes) };
    at += header.sizeBytes;
  }
}

/**
 * Name and size of the box that starts at `at`.
 *
 * @param restBytes - What a box with size 0 reaches to: all that is left of the file.
 */
export function readBoxHeader(bytes: Buffer, at: number, restBytes: number) {
  const short = bytes.readUInt32BE(at);
  const name = bytes.toString('latin1', at + 4, at + 8);
  if (short === 1 && at + 16 > bytes.length) throw new Mp4FormatError(`box ${name} is cut off`);
  const headerBytes = short === 1 ? 16 : 8;
  const sizeBytes = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? restBytes : short;
  if (sizeBytes < headerBytes) throw new Mp4FormatError(`box ${name} has an impossible size`);
  return { name, headerBytes, sizeBytes };
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
