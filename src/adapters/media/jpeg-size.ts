import type { Size } from '../../core/hints/size.ts';

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
