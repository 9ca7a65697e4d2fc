import type { PictureHeader } from './picture-header.ts';

/** Text, profiles and animations are left out: they unpack to any size, and say nothing of the pixels. */
const pngParts: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
const pngSignatureBytes = 8;
/** Length and name before a chunk's data, and the checksum after them. */
const pngFrameBytes = { head: 8, tail: 4 };

const startOfScan = 0xda;
/** Adobe's segment tells which colours the components are. */
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
  const parts = [file.subarray(0, pngSignatureBytes)];
  for (let at = pngSignatureBytes; at + pngFrameBytes.head <= file.length; ) {
    const end = at + pngFrameBytes.head + file.readUInt32BE(at) + pngFrameBytes.tail;
    const name = file.toString('latin1', at + 4, at + 8);
    if (pngParts.has(name)) parts.push(file.subarray(at, end));
    // What follows the end is another picture, if anything.
    if (name === 'IEND') break;
    at = end;
  }
  return parts;
}

/** Segments are looked at up to the first scan: what follows is the picture. */
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
