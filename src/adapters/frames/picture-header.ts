import type { Size } from '../../core/hints/size.ts';
import { readJpegSize } from '../media/jpeg-size.ts';

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
  const size = { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  return size.width > 0 && size.height > 0 ? size : null;
}
