import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../muxing/part-file.ts';
import { type Mp4Box, Mp4FormatError, readBoxHeader } from './boxes.ts';

/** An index larger than this belongs to no file that is put together here. */
const maxIndexBytes = 2 ** 30;

/** A box at the top of a file, and where its content begins there. */
interface TopBox extends Mp4Box {
  readonly contentAt: number;
}

/**
 * The boxes at the top of a file that have one of these names, read whole; others are passed over.
 *
 * @throws Mp4FormatError for a file that is no MP4, or is cut off.
 */
export async function readTopBoxes(file: FileHandle, names: readonly string[]): Promise<readonly TopBox[]> {
  const { size } = await file.stat();
  const boxes: TopBox[] = [];
  for (let at = 0; at + 8 <= size; ) {
    const head = await readExactly(file, at, Math.min(16, size - at));
    const { name, headerBytes, sizeBytes } = readBoxHeader(head, 0, size - at);
    if (at + sizeBytes > size) throw new Mp4FormatError(`box ${name} is cut off`);
    if (names.includes(name)) {
      if (sizeBytes > maxIndexBytes) throw new Mp4FormatError(`box ${name} is too large`);
      const content = await readExactly(file, at + headerBytes, sizeBytes - headerBytes);
      boxes.push({ name, content, contentAt: at + headerBytes });
    }
    at += sizeBytes;
  }
  return boxes;
}
