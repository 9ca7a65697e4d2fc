import type { Size } from '../../core/hints/display-size.ts';

/** What the first bytes of a picture's file say. */
export interface PictureHeader extends Size {
  readonly kind: 'png' | 'jpeg';
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and name of the first chunk, then its width and height (PNG specification, section 11.2.2). */
const pngHeaderBytes = 24;

/** Kind and size of a picture by its content, whatever its name; null for what is neither PNG nor a whole JPEG file. */
export function readPictureHeader(file: Uint8Array): PictureHeader | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const png = readPngSize(bytes);
  if (png) return { kind: 'png', ...png };
  const jpeg = readJpegSize(bytes);
  return jpeg && { kind: 'jpeg', ...jpeg };
}

function readPngSize(bytes: Buffer): Size | null {
  if (bytes.length < pngHeaderBytes || !bytes.subarray(0, 8).equals(pngSignature)) return null;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  return sizeOrNull(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

/**
 * The size a JPEG file says it has, from its frame header (ITU-T T.81, section B.2.2). Null for anything that is
 * not a whole JPEG file: it must begin and end with the markers for that.
 */
export function readJpegSize(jpeg: Buffer): Size | null {
  if (jpeg.length < 4 || jpeg.readUInt16BE(0) !== 0xffd8 || !endsWhole(jpeg)) return null;
  let at = 2;
  while (at + 9 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1] ?? 0;
    if (isFrameHeader(marker)) return sizeOrNull(jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5));
    at += 2 + jpeg.readUInt16BE(at + 2);
  }
  return null;
}

/** Trailing zeros are padding. */
function endsWhole(jpeg: Buffer): boolean {
  let end = jpeg.length;
  while (end > 2 && jpeg[end - 1] === 0) end--;
  return jpeg.readUInt16BE(end - 2) === 0xffd9;
}

/** C0 to CF, without the tables C4 (Huffman), C8 (reserved) and CC (arithmetic coding). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function sizeOrNull(width: number, height: number): Size | null {
  return width > 0 && height > 0 ? { width, height } : null;
}

/** Text, profiles and animations are left out: they unpack to any size, and say nothing of the pixels. */
const pngParts: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** Length and name before a chunk's data, and the checksum after them. */
const pngFrameBytes = { head: 8, tail: 4 };

const startOfScan = 0xda;
/** Adobe's segment says which colours the components are. */
const adobeSegment = 0xee;

/**
 * A picture's file without what its pixels do not need, so that nothing else of a file from a stranger is decoded. What
 * is damaged stays as it is, for the decoder to refuse.
 */
export function essentialParts(file: Uint8Array, kind: PictureHeader['kind']): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return Buffer.concat(kind === 'png' ? pngPartsOf(bytes) : jpegPartsOf(bytes));
}

function pngPartsOf(file: Buffer): Buffer[] {
  const parts = [file.subarray(0, pngSignature.length)];
  for (let at = pngSignature.length; at + pngFrameBytes.head <= file.length; ) {
    const end = at + pngFrameBytes.head + file.readUInt32BE(at) + pngFrameBytes.tail;
    const name = file.toString('latin1', at + 4, at + 8);
    if (pngParts.has(name)) parts.push(file.subarray(at, end));
    // What follows the end is another picture, if anything.
    if (name === 'IEND') break;
    at = end;
  }
  return parts;
}

/** Segments are sorted out up to the first scan: what follows is the picture. */
function jpegPartsOf(file: Buffer): Buffer[] {
  const parts = [file.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff) {
    const marker = file[at + 1] ?? 0;
    const end = at + 2 + file.readUInt16BE(at + 2);
    if (marker === startOfScan || end > file.length) break;
    if (!isRemark(marker)) parts.push(file.subarray(at, end));
    at = end;
  }
  return [...parts, file.subarray(at)];
}

/** Segments of applications (E0 to EF) and comments (FE); ITU-T T.81, table B.1. */
function isRemark(marker: number): boolean {
  return (marker >= 0xe0 && marker <= 0xef && marker !== adobeSegment) || marker === 0xfe;
}
