import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Journaled } from '../../core/run/run-status.ts';
import type { RunEvents } from '../../ports/run-store.ts';
import { noFollow } from '../files/open-file.ts';

const blockBytes = 1 << 20;
const newline = 0x0a;

/** Cuts blocks into lines. What follows the last newline is kept for the next block. */
class LineCutter {
  #rest: Buffer[] = [];
  restBytes = 0;

  /** The whole lines, without their newlines. */
  *cut(block: Buffer): Generator<string> {
    let from = 0;
    for (let end = block.indexOf(newline); end !== -1; end = block.indexOf(newline, from)) {
      yield Buffer.concat([...this.#rest, block.subarray(from, end)]).toString('utf8');
      this.#rest = [];
      this.restBytes = 0;
      from = end + 1;
    }
    if (from === block.length) return;
    // The block is used again for the next part of the file.
    this.#rest.push(Buffer.from(block.subarray(from)));
    this.restBytes += block.length - from;
  }
}

interface LinesRead {
  readonly lines: readonly string[];
  /** Of the file, so far: all, and up to the end of the last whole line. */
  readonly bytes: number;
  readonly wholeBytes: number;
}

/** The whole lines of a file, block by block. */
export async function* wholeLines(file: FileHandle): AsyncGenerator<LinesRead> {
  const cutter = new LineCutter();
  const buffer = Buffer.allocUnsafe(blockBytes);
  for (let bytes = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, blockBytes, null);
    if (bytesRead === 0) return;
    bytes += bytesRead;
    const lines = [...cutter.cut(buffer.subarray(0, bytesRead))];
    yield { lines, bytes, wholeBytes: bytes - cutter.restBytes };
  }
}

/**
 * The events of a journal that is too long to be held. It was checked as a whole; what has been appended since is not of it.
 */
export class StoredEvents<Body> implements RunEvents<Body> {
  readonly #path: string;
  readonly #bytes: number;
  readonly length: number;

  /** @param bytes - Where the last of its lines ends. */
  constructor(path: string, bytes: number, length: number) {
    this.#path = path;
    this.#bytes = bytes;
    this.length = length;
  }

  *[Symbol.iterator](): Generator<Journaled<Body>> {
    const file = openSync(this.#path, constants.O_RDONLY | noFollow);
    try {
      const cutter = new LineCutter();
      const buffer = Buffer.allocUnsafe(blockBytes);
      for (let at = 0; at < this.#bytes; ) {
        const read = readSync(file, buffer, 0, Math.min(blockBytes, this.#bytes - at), at);
        if (read === 0) throw new Error(`${this.#path} has become shorter while it was read`);
        at += read;
        for (const line of cutter.cut(buffer.subarray(0, read))) yield JSON.parse(line);
      }
    } finally {
      closeSync(file);
    }
  }
}
