import type { Fraction } from '../../../core/frames/fraction.ts';
import { makeBox, makeFullBox, uint32, uint32Table } from '../../mp4/boxes.ts';
import { chunkBoxes } from '../../mp4/tracks.ts';
import type { PictureSample } from './picture-sample.ts';

/** Ticks of a second, at the least: what is made of such a file keeps its clock. */
const leastTimescale = 10_000;

/** By codec: the four letters of a sample description (QuickTime File Format, "Video sample description"). */
const entryNames = { png: 'png ', jpeg: 'jpeg', tiff: 'tiff' } as const;

const fileType = makeBox('ftyp', Buffer.from('qt  \0\0\x02\0qt  ', 'latin1'));
const longBoxBytes = 16;

/** Where the first picture lies in the file. */
export const movieHeadBytes = fileType.length + longBoxBytes;

export function pictureDataSize(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The beginning of the file. */
export function movieHead(dataBytes: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(dataBytes + longBoxBytes));
  return Buffer.concat([fileType, uint32(1), Buffer.from('mdat'), size]);
}

/** The `moov` box of pictures that lie one after the other, each shown equally long. */
export function makePictureMovie(
  first: PictureSample,
  sizes: readonly number[],
  { numerator, denominator }: Fraction,
): Buffer {
  const factor = Math.ceil(leastTimescale / numerator);
  const [timescale, step] = [numerator * factor, denominator * factor];
  const duration = sizes.length * step;
  if (duration > 0xffff_ffff) throw new RangeError('there are too many pictures for one file');
  const track = makeBox(
    'trak',
    makeBox('tkhd', trackHeader(first, duration)),
    makeBox(
      'mdia',
      makeFullBox('mdhd', 0, uint32(0, 0, timescale, duration, 0)),
      handler('mhlr', 'vide'),
      makeBox(
        'minf',
        makeBox('vmhd', uint32(1, 0, 0)),
        handler('dhlr', 'url '),
        makeBox('dinf', makeFullBox('dref', 0, uint32(1), makeBox('url ', uint32(1)))),
        makeBox('stbl', ...tables(first, sizes, step)),
      ),
    ),
  );
  return makeBox('moov', makeFullBox('mvhd', 0, movieHeader(timescale, duration)), track);
}

function tables(first: PictureSample, sizes: readonly number[], step: number): Buffer[] {
  const offsets: number[] = [];
  let at = movieHeadBytes;
  for (const size of sizes) {
    offsets.push(at);
    at += size;
  }
  return [
    makeFullBox('stsd', 0, uint32(1), sampleEntry(first)),
    makeFullBox('stts', 0, uint32(1, sizes.length, step)),
    makeFullBox('stsz', 0, uint32(0, sizes.length), uint32Table(sizes)),
    chunkBoxes({ offsets, samples: sizes.map(() => 1) }),
  ];
}

const matrix = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);

function movieHeader(timescale: number, duration: number): Buffer {
  const rateAndVolume = Buffer.concat([uint32(0x10000), Buffer.from([1, 0]), Buffer.alloc(10)]);
  return Buffer.concat([
    uint32(0, 0, timescale, duration),
    rateAndVolume,
    matrix,
    Buffer.alloc(24),
    uint32(2),
  ]);
}

function trackHeader({ width, height }: PictureSample, duration: number): Buffer {
  const enabled = 3;
  const head = uint32(enabled, 0, 0, 1, 0, duration, 0, 0, 0, 0);
  return Buffer.concat([head, matrix, uint32(width * 0x10000, height * 0x10000)]);
}

function handler(type: string, subtype: string): Buffer {
  return makeFullBox('hdlr', 0, Buffer.from(`${type}${subtype}`, 'latin1'), Buffer.alloc(13));
}

function sampleEntry({ codec, width, height }: PictureSample): Buffer {
  const entry = Buffer.alloc(78);
  // The first data reference.
  entry.writeUInt16BE(1, 6);
  entry.writeUInt16BE(width, 24);
  entry.writeUInt16BE(height, 26);
  // 72 dots an inch, as everything has; one frame in a sample; no table of colours.
  entry.writeUInt32BE(0x48_0000, 28);
  entry.writeUInt32BE(0x48_0000, 32);
  entry.writeUInt16BE(1, 40);
  entry.writeUInt16BE(24, 74);
  entry.writeInt16BE(-1, 76);
  return makeBox(entryNames[codec], entry);
}
