import { readSync, writeSync } from 'node:fs';
import { isSystemError } from '../../../errors/system-error.ts';

/** How long to wait before a pipe that had nothing is looked at again, in milliseconds. */
const pauseMs = 1;

/**
 * Fills a buffer from a file descriptor, and waits for that with all of this thread: a lane has nothing else to do.
 *
 * @returns false at the end of the input; what has come before it is lost.
 */
export function readFully(descriptor: number, buffer: Uint8Array): boolean {
  for (let filled = 0; filled < buffer.length; ) {
    const count = retried(() => readSync(descriptor, buffer, filled, buffer.length - filled, null));
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

/** @returns false when the reader is gone. */
export function writeFully(descriptor: number, buffer: Uint8Array): boolean {
  for (let written = 0; written < buffer.length; ) {
    const from = written;
    const count = retried(() => writeSync(descriptor, buffer, from, buffer.length - from));
    if (count === 0) return false;
    written += count;
  }
  return true;
}

/** Does it until it is done; 0 when the other end is gone. */
function retried(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === 'EOF' || error.code === 'EPIPE' || error.code === 'ECONNRESET') return 0;
      // Only where another process has made the pipe a non-blocking one.
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
