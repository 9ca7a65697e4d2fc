import { crc32 } from 'node:zlib';
import type { Size } from '../../../core/hints/display-size.ts';

/** What pictures of one video have in common. */
export interface PictureKind extends Size {
  readonly codec: 'png' | 'jpeg' | 'tiff';
  /** Of a sample of a pixel. */
  readonly bits: number;
  readonly isGray: boolean;
}

/** A picture's file as one sample of a video. */
export interface PictureSample extends PictureKind {
  /** The picture alone, without what may follow it in the file. */
  readonly bytes: Buffer;
}

/** Reads a picture as far as it can be checked without decoding it. @returns why it cannot be used, to end a sentence. */
export function readPictureSample(file: Buffer): PictureSample | string {
  if (file.length === 0) return 'it is empty';
  if (file.subarray(0, 8).equals(pngSignature)) return readPng(file);
  if (file.length > 3 && file.readUInt16BE(0) === 0xffd8) return readJpeg(file);
  const mark = file.toString('latin1', 0, 4);
  if (mark === 'II*\0' || mark === 'MM\0*') return readTiff(file, mark === 'II*\0');
  return 'it is neither PNG, JPEG nor TIFF';
}

/** Bytes of a file in which most headers end, and in which nearly every one does. */
export const headBytes = [2048, 64 * 1024] as const;

/** The same of the beginning of a file; null where that does not say it. */
export function readPictureKind(head: Buffer): PictureKind | null {
  if (head.subarray(0, 8).equals(pngSignature)) {
    const sample = pngSample(head);
    return typeof sample === 'string' ? null : sample;
  }
  if (head.length > 3 && head.readUInt16BE(0) === 0xffd8) {
    const jpeg = readJpegHead(head);
    return typeof jpeg === 'string' ? null : jpeg.kind;
  }
  return null;
}

/** Why a picture cannot be shown after the first one, which decides how all are read; null where it can. */
export function whyUnlike(
  picture: PictureKind,
  first: PictureKind,
): 'size' | 'codec' | 'bits' | 'colours' | null {
  if (picture.width !== first.width || picture.height !== first.height) return 'size';
  if (picture.codec !== first.codec) return 'codec';
  if (picture.bits > first.bits) return 'bits';
  return first.isGray && !picture.isGray ? 'colours' : null;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const cutOff = 'it is cut off';
const grayTypes: ReadonlySet<number> = new Set([0, 4]);
const paletteType = 3;

/** Every chunk has a checksum (PNG specification, section 5.3). */
function readPng(file: Buffer): PictureSample | string {
  for (let at = pngSignature.length; at + 12 <= file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    if (end + 4 > file.length) return cutOff;
    const name = file.toString('latin1', at + 4, at + 8);
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end))
      return 'it is damaged: a checksum is wrong';
    if (name === 'IEND') return pngSample(file.subarray(0, end + 4));
    at = end + 4;
  }
  return cutOff;
}

function pngSample(bytes: Buffer): PictureSample | string {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return 'it is damaged';
  const type = bytes[25] ?? 0;
  return {
    codec: 'png',
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    bits: type === paletteType ? 8 : Math.max(8, bytes[24] ?? 8),
    isGray: grayTypes.has(type),
    bytes,
  };
}

const startOfScan = 0xda;

/** Up to the end of the picture (ITU-T T.81, section B.1); what follows it may be another one. */
function readJpeg(file: Buffer): PictureSample | string {
  const head = readJpegHead(file);
  if (typeof head === 'string') return head;
  const end = file.lastIndexOf(endOfImage);
  return end > head.scanAt ? { ...head.kind, bytes: file.subarray(0, end + 2) } : cutOff;
}

/** Segments up to the first scan. */
function readJpegHead(file: Buffer): { readonly kind: PictureKind; readonly scanAt: number } | string {
  let kind: PictureKind | null = null;
  for (let at = 2; at + 4 <= file.length; ) {
    if (file[at] !== 0xff) return 'it is damaged';
    const marker = file[at + 1] ?? 0;
    if (marker === startOfScan) return kind === null ? 'it is damaged' : { kind, scanAt: at };
    // Bytes that only fill up may come before a marker.
    const next = marker === 0xff ? at + 1 : at + 2 + file.readUInt16BE(at + 2);
    if (isFrameHeader(marker) && at + 10 <= file.length)
      kind = {
        codec: 'jpeg',
        width: file.readUInt16BE(at + 7),
        height: file.readUInt16BE(at + 5),
        bits: file[at + 4] ?? 8,
        isGray: file[at + 9] === 1,
      };
    at = next;
  }
  return cutOff;
}

const endOfImage = Buffer.from([0xff, 0xd9]);

/** C0 to CF, without the tables C4 (Huffman), C8 (reserved) and CC (arithmetic coding). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

const tiffTags = { width: 256, height: 257, bits: 258, samples: 277 } as const;

/** The first picture of a TIFF file (TIFF 6.0, section 2). */
function readTiff(bytes: Buffer, isLittle: boolean): PictureSample | string {
  const uint16 = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const uint32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  try {
    const directory = uint32(4);
    const values = new Map<number, number>();
    for (let entry = 0; entry < uint16(directory); entry++) {
      const at = directory + 2 + 12 * entry;
      const [type, count] = [uint16(at + 2), uint32(at + 4)];
      const isShort = type === 3;
      // Three numbers of 16 bits do not fit into the entry.
      const place = isShort && count > 2 ? uint32(at + 8) : at + 8;
      values.set(uint16(at), isShort ? uint16(place) : uint32(place));
    }
    const [width = 0, height = 0] = [values.get(tiffTags.width), values.get(tiffTags.height)];
    if (width === 0 || height === 0) return 'it is damaged: it has no size';
    const bits = Math.max(8, values.get(tiffTags.bits) ?? 8);
    return { codec: 'tiff', width, height, bits, isGray: (values.get(tiffTags.samples) ?? 1) < 3, bytes };
  } catch (error) {
    if (error instanceof RangeError) return cutOff;
    throw error;
  }
}
