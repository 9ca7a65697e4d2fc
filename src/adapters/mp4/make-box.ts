import { type Mp4Box, readBoxes } from './boxes.ts';

/** Bytes of boxes, one after the other. */
type BoxParts = readonly Uint8Array[];

/** One box of an MP4 file, header included (ISO/IEC 14496-12, section 4.2). */
export function makeBox(name: string, ...content: BoxParts): Buffer {
  const bytes = content.reduce((sum, part) => sum + part.length, 8);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(bytes, 0);
  header.write(name, 4, 'latin1');
  return Buffer.concat([header, ...content], bytes);
}

/** A box that begins with a version and flags. */
export function makeFullBox(name: string, version: number, flags: number, ...content: BoxParts): Buffer {
  return makeBox(name, uint32(version * 0x1000000 + flags), ...content);
}

/**
 * The boxes of `content` with some of them replaced.
 *
 * @param edit - What stands in for a box: null keeps it as it is, an empty buffer leaves it out.
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
