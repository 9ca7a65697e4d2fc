import type { Size } from '../../core/hints/display-size.ts';
import {
  findBox,
  Mp4FormatError,
  makeBox,
  makeFullBox,
  uint32,
  uint32At,
  uint32Table,
  uint64Table,
} from './boxes.ts';

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

/** Bytes between the two dates and the duration: in a track's header its number, else the time scale. */
const bytesBeforeDuration = { mvhd: 4, tkhd: 8, mdhd: 4 } as const;

/** The headers of a movie, a track and its media (ISO/IEC 14496-12, sections 8.2.2, 8.3.2 and 8.4.2). */
type Mp4HeaderName = keyof typeof bytesBeforeDuration;

/** What is changed in a header; what is not named stays. */
interface HeaderChanges {
  /** In ticks of the header's own time scale; a track's is that of the movie. */
  readonly duration: number;
  /** Not of a track. */
  readonly timescale?: number;
}

/** The header's content with another duration, in its long form where that needs it. */
export function withDuration(name: Mp4HeaderName, content: Buffer, changes: HeaderChanges): Buffer {
  const { created, modified, between, rest } = split(name, content);
  const isLong = Math.max(changes.duration, created, modified) > 0xffff_ffff;
  const numbers = isLong ? uint64Table : uint32Table;
  return Buffer.concat([
    Buffer.from([isLong ? 1 : 0]),
    content.subarray(1, 4),
    numbers([created, modified]),
    changes.timescale === undefined ? between : uint32(changes.timescale),
    numbers([changes.duration]),
    rest,
  ]);
}

/** In ticks of the header's own time scale. */
export function durationOf(name: Mp4HeaderName, content: Buffer): number {
  return split(name, content).duration;
}

/** Ticks of one second. */
export function timescaleOf(name: 'mvhd' | 'mdhd', content: Buffer): number {
  return split(name, content).between.readUInt32BE(0);
}

function split(name: Mp4HeaderName, content: Buffer) {
  const width = content[0] === 1 ? 8 : 4;
  const durationAt = 4 + 2 * width + bytesBeforeDuration[name];
  if (content.length < durationAt + width) throw new Mp4FormatError(`box ${name} is cut off`);
  const numberAt = (at: number) =>
    width === 4 ? content.readUInt32BE(at) : Number(content.readBigUInt64BE(at));
  return {
    created: numberAt(4),
    modified: numberAt(4 + width),
    between: content.subarray(4 + 2 * width, durationAt),
    duration: numberAt(durationAt),
    rest: content.subarray(durationAt + width),
  };
}

/** Clockwise turns, in degrees. */
export type Rotation = 0 | 90 | 180 | 270;

/** The upper left of the display matrix of each turn. */
const turns: readonly (readonly [degrees: Rotation, a: number, b: number, c: number, d: number])[] = [
  [0, 1, 0, 0, 1],
  [90, 0, 1, -1, 0],
  [180, -1, 0, 0, -1],
  [270, 0, -1, 1, 0],
];
const one = 0x10000;
const oneInLastColumn = 0x4000_0000;
/** Where the matrix begins after the duration of a movie's or a track's header. */
const matrixAt = 16;
const matrixBytes = 36;

/** How far a header turns the picture; null for a matrix that does anything else. */
export function rotationOf(name: 'mvhd' | 'tkhd', content: Buffer): Rotation | null {
  const { rest } = split(name, content);
  const at = (index: number) => rest.readInt32BE(matrixAt + index * 4) / one;
  if (at(2) !== 0 || at(5) !== 0) return null;
  const turn = turns.find(([, a, b, c, d]) => at(0) === a && at(1) === b && at(3) === c && at(4) === d);
  return turn?.[0] ?? null;
}

/** A track header that makes players turn the picture, about a corner and back into view. */
export function withRotation(header: Buffer, { width, height }: Size, rotation: Rotation): Buffer {
  const [, a, b, c, d] = turns.find(([degrees]) => degrees === rotation) ?? [0, 1, 0, 0, 1];
  const x = rotation === 90 ? height : rotation === 180 ? width : 0;
  const y = rotation === 270 ? width : rotation === 180 ? height : 0;
  const turned = Buffer.from(header);
  const matrix = turned.subarray(-8 - matrixBytes);
  for (const [index, value] of [a, b, 0, c, d, 0, x, y].entries())
    matrix.writeInt32BE(value * one, index * 4);
  matrix.writeInt32BE(oneInLastColumn, 32);
  return turned;
}

/** The size that a track header says the picture is shown at; 0 where it says nothing. */
export function shownSizeOf(header: Buffer): Size {
  const [width, height] = [header.readUInt32BE(header.length - 8), header.readUInt32BE(header.length - 4)];
  return { width: width / one, height: height / one };
}

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
