import { findBox, makeBox, makeFullBox, uint32, uint32At } from './boxes.ts';

/** One part of a track's presentation (ISO/IEC 14496-12, section 8.6.6). */
interface Edit {
  /** In ticks of the movie. */
  readonly duration: number;
  /** Where in the media it begins, in ticks of the track; -1: nothing is shown. */
  readonly mediaTime: number;
  /** Speed; 1 unless given. */
  readonly rate?: number;
}

const normalRate = 0x10000;

/** The `edts` box, at normal speed. */
export function makeEdits(edits: readonly Edit[]): Buffer {
  const isLong = edits.some(({ duration, mediaTime }) => duration > 0xffff_ffff || mediaTime > 0x7fff_ffff);
  const rows = edits.map(({ duration, mediaTime }) => {
    const row = Buffer.alloc(isLong ? 20 : 12);
    if (isLong) {
      row.writeBigUInt64BE(BigInt(duration), 0);
      row.writeBigInt64BE(BigInt(mediaTime), 8);
    } else {
      row.writeUInt32BE(duration, 0);
      row.writeInt32BE(mediaTime, 4);
    }
    row.writeUInt32BE(normalRate, row.length - 4);
    return row;
  });
  return makeBox('edts', makeFullBox('elst', isLong ? 1 : 0, uint32(edits.length), ...rows));
}

/** A track's edits, in order; none where it has no list. */
export function editsOf(track: Buffer): readonly Edit[] {
  const list = findBox(track, ['edts', 'elst']);
  if (!list) return [];
  const isLong = list[0] === 1;
  const rowBytes = isLong ? 20 : 12;
  return Array.from({ length: uint32At(list, 4) }, (_, row) => {
    const at = 8 + row * rowBytes;
    const rate = uint32At(list, at + rowBytes - 4) / normalRate;
    return isLong
      ? { duration: Number(list.readBigUInt64BE(at)), mediaTime: Number(list.readBigInt64BE(at + 8)), rate }
      : { duration: list.readUInt32BE(at), mediaTime: list.readInt32BE(at + 4), rate };
  });
}

/** When the first tick of the media is shown, in seconds; before 0 where the list cuts the beginning off. */
export function startOf(edits: readonly Edit[], movieTimescale: number, timescale: number): number {
  let start = 0;
  for (const { duration, mediaTime } of edits) {
    if (mediaTime >= 0) return start - mediaTime / timescale;
    start += duration / movieTimescale;
  }
  return start;
}
