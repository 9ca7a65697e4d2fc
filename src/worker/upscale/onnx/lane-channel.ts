import { readSync, writeFileSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { isSystemError } from '../../../errors/system-error.ts';
import { laneFailureOf } from './lane-failure.ts';
import { answerHeaderBytes, answerKinds } from './lane-protocol.ts';

/** How long to wait before a pipe that had nothing is looked at again, in milliseconds. */
const pauseMs = 1;

const stdin = 0;
const stdout = 1;

/** What a lane is once its model is loaded. */
interface ReadyLane {
  /** JSON that it greets with. */
  readonly facts: object;
  /** Answers what is asked until stdin ends. */
  serve(): Promise<void>;
}

/**
 * Makes this process a lane: what it is, or why it can be none, is said on stdout; see `lane-protocol.ts`. Its log is
 * stderr.
 *
 * @returns the exit code: 0 also after a failure that was reported.
 */
export async function beLane(makeReady: () => Promise<ReadyLane>): Promise<number> {
  endWithParent();
  offerAsVictim();
  try {
    const { facts, serve } = await makeReady();
    answerText(answerKinds.facts, facts);
    await serve();
  } catch (error) {
    const { reason, message } = laneFailureOf(error, 'failed');
    answerText(answerKinds.failure, { reason, message });
  }
  return 0;
}

/**
 * Fills buffers with what was asked, one after the other.
 *
 * @returns false at the end of the input; what has come before it is lost.
 */
export function readAsked(...buffers: readonly ArrayBufferView[]): boolean {
  return buffers.every((buffer) => readFully(stdin, bytesOf(buffer)));
}

/** Answers with frames. @returns false when the reader is gone. */
export function answerFrames(frames: readonly ArrayBufferView[]): boolean {
  if (!writeFully(stdout, header(answerKinds.frames, frames.length))) return false;
  return frames.every((frame) => writeFully(stdout, bytesOf(frame)));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function answerText(kind: number, document: object): void {
  const text = Buffer.from(JSON.stringify(document));
  writeFully(stdout, Buffer.concat([header(kind, text.length), text]));
}

function header(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(answerHeaderBytes);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** Checks whether the parent is still the same; in a thread of its own, because computing blocks the main one. */
const watchParent = `
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500);
`;

/**
 * Ends this process soon after the one that started it, also when that was killed and this one is in the middle of a
 * long computation. Where processes do not learn of their parent's end (Windows), it ends at the next request.
 */
function endWithParent(): void {
  const thread = new Worker(watchParent, { eval: true });
  thread.on('error', () => undefined);
  thread.unref();
}

/** Of at most 1000: well above the worker, its encoders and most others. */
const victimScore = '500';

/** When memory runs out this process is to go before others, because it can be started again. Linux only. */
function offerAsVictim(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', victimScore);
  } catch {
    // Another system, or a container that hides it.
  }
}

/**
 * Fills a buffer from a file descriptor, and waits for that with all of this thread: a lane has nothing else to do.
 *
 * @returns false at the end of the input; what has come before it is lost.
 */
function readFully(descriptor: number, buffer: Uint8Array): boolean {
  for (let filled = 0; filled < buffer.length; ) {
    const count = retried(() => readSync(descriptor, buffer, filled, buffer.length - filled, null));
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

/** @returns false when the reader is gone. */
function writeFully(descriptor: number, buffer: Uint8Array): boolean {
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
