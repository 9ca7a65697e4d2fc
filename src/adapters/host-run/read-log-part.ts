import type { LogPart } from '../../ports/host.ts';

/** Most bytes of a log that are read at once. */
const chunkBytes = 256 * 1024;

const newline = 0x0a;

/**
 * Whole lines of a log: what follows the last line end may still be written, or be cut in the middle of a character.
 *
 * @param fromByte - Where to begin; negative ones count from the end.
 * @param read - Gives at most so many bytes from a position on.
 */
export async function readLogPart(
  fromByte: number,
  sizeBytes: number,
  read: (position: number, length: number) => Promise<Uint8Array>,
): Promise<LogPart> {
  const firstByte = logStart(fromByte, sizeBytes);
  const bytes = await read(firstByte, chunkBytes);
  const isOneLongLine = bytes.length === chunkBytes && !bytes.includes(newline);
  const end = isOneLongLine ? bytes.length : bytes.lastIndexOf(newline) + 1;
  const text = Buffer.from(bytes.subarray(0, end)).toString('utf8');
  return { text, firstByte, nextByte: firstByte + end };
}

/** Where to begin in a log of this size. A log that became shorter was started again, and is read from its beginning. */
export function logStart(fromByte: number, sizeBytes: number): number {
  if (fromByte < 0) return Math.max(0, sizeBytes + fromByte);
  return fromByte > sizeBytes ? 0 : fromByte;
}
