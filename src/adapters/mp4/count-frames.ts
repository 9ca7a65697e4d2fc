import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../../errors/system-error.ts';
import { findBox, Mp4FormatError, readBoxHeader } from './boxes.ts';

/** The index of a segment takes a few bytes a frame; more than this is none. */
const maxIndexBytes = 256 * 1024 * 1024;

/** How many frames the first track of an MP4 file has, by its index; null for a file that is no whole MP4, or missing. */
export async function countMp4Frames(path: string): Promise<number | null> {
  try {
    await using file = await open(path, 'r');
    const movie = await readMovie(file, (await file.stat()).size);
    const sizes = movie && findBox(movie, ['trak', 'mdia', 'minf', 'stbl', 'stsz']);
    return sizes && sizes.length >= 12 ? sizes.readUInt32BE(8) : null;
  } catch (error) {
    if (error instanceof Mp4FormatError || isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function readMovie(file: FileHandle, sizeBytes: number): Promise<Buffer | null> {
  for (let at = 0; at + 8 <= sizeBytes; ) {
    const start = await readAt(file, at, Math.min(16, sizeBytes - at));
    const box = readBoxHeader(start, 0, sizeBytes - at);
    if (box.name === 'moov') {
      if (box.sizeBytes > maxIndexBytes || at + box.sizeBytes > sizeBytes) return null;
      return await readAt(file, at + box.headerBytes, box.sizeBytes - box.headerBytes);
    }
    at += box.sizeBytes;
  }
  return null;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
