import type { Size } from '../../core/hints/size.ts';

/** Clockwise turns, in degrees. */
export type Rotation = 0 | 90 | 180 | 270;

const one = 0x10000;
const oneInLastColumn = 0x4000_0000;
/** Matrix, width and height are the end of a track header (ISO/IEC 14496-12, section 8.3.2). */
const matrixBytes = 36;
const sizeBytes = 8;

/** A track header that tells players to turn the picture, about a corner and back into view. */
export function withRotation(header: Buffer, size: Size, rotation: Rotation): Buffer {
  const { width, height } = size;
  const [a, b, c, d, x, y] = {
    0: [1, 0, 0, 1, 0, 0],
    90: [0, 1, -1, 0, height, 0],
    180: [-1, 0, 0, -1, width, height],
    270: [0, -1, 1, 0, 0, width],
  }[rotation] as [number, number, number, number, number, number];
  const turned = Buffer.from(header);
  const at = header.length - sizeBytes - matrixBytes;
  for (const [index, value] of [a, b, 0, c, d, 0, x, y].entries())
    turned.writeInt32BE(value * one, at + index * 4);
  turned.writeInt32BE(oneInLastColumn, at + 32);
  return turned;
}
