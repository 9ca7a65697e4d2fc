import type { LogName, LogPart } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';

/** Most bytes of a log that are read at once. */
export const logChunkBytes = 256 * 1024;

const newline = 0x0a;

/** Whole lines of bytes read from a log: what follows the last line end may still be written, or cut in a character. */
export function toLogPart(bytes: Uint8Array, fromByte: number): LogPart {
  const isOneLongLine = bytes.length === logChunkBytes && !bytes.includes(newline);
  const end = isOneLongLine ? bytes.length : bytes.lastIndexOf(newline) + 1;
  return {
    text: Buffer.from(bytes.subarray(0, end)).toString('utf8'),
    firstByte: fromByte,
    nextByte: fromByte + end,
  };
}

/** Where to read on: negative ones count from the end; a log that became shorter was begun anew. */
export function logStart(fromByte: number, sizeBytes: number): number {
  if (fromByte < 0) return Math.max(0, sizeBytes + fromByte);
  return fromByte > sizeBytes ? 0 : fromByte;
}

/** Where a log lies in the run folder. */
export function logPathOf({ kind, workerId }: LogName): string {
  return kind === 'engine' ? layout.workerEngineLog(workerId) : layout.workerLog(workerId);
}
