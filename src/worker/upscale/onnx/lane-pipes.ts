import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { answerHeaderBytes, answerKinds, requestHeaderBytes } from './lane-protocol.ts';

interface PipeSizes {
  /** Most frames of a request. */
  readonly batchSize: number;
  /** Bytes of a frame that comes, and of one that goes. */
  readonly smallBytes: number;
  readonly largeBytes: number;
}

/** Frames that were asked for, one after the other behind the header's bytes. */
export interface LaneRequestFrames {
  readonly count: number;
  readonly buffer: ArrayBuffer;
}

/** One is computed with while the other one is read into, or written from. */
const buffersEach = 2;

/**
 * The pipes of a lane, each served by a thread of its own: the next frames are read, and the last ones are written, while the
 * model computes, which keeps the main thread busy. The same few buffers go around.
 */
export class LanePipes {
  readonly #reader: Worker;
  readonly #writer: Worker;
  /** Buffers to be filled with enlarged frames. */
  readonly #free: ArrayBuffer[];
  #writing = 0;
  #isReaderGone = false;
  #failure: Error | null = null;

  /** @throws RangeError when there is not memory enough for its buffers. */
  constructor({ batchSize, smallBytes, largeBytes }: PipeSizes) {
    const buffers = (bytes: number) => Array.from({ length: buffersEach }, () => new ArrayBuffer(bytes));
    const asked = buffers(requestHeaderBytes + batchSize * smallBytes);
    this.#free = buffers(answerHeaderBytes + batchSize * largeBytes);
    const thread = (workerData: ThreadData) =>
      new Worker(`(${String(moveFrames)})()`, { eval: true, workerData });
    this.#reader = thread({ isReader: true, headerBytes: requestHeaderBytes, frameBytes: smallBytes });
    this.#writer = thread({ isReader: false, headerBytes: answerHeaderBytes, frameBytes: largeBytes });
    for (const buffer of asked) this.#readInto(buffer);
    for (const worker of [this.#reader, this.#writer]) {
      worker.on('error', (error) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      });
    }
    this.#writer.on('message', ({ buffer, count }: Moved) => {
      if (count === 0) this.#isReaderGone = true;
      this.#free.push(buffer);
      this.#writing -= 1;
    });
  }

  /** What is asked, until the input ends or the reader of the answers is gone. Each buffer is valid until the next is asked for. */
  async *requests(): AsyncGenerator<LaneRequestFrames> {
    const waiting: Moved[] = [];
    this.#reader.on('message', (moved: Moved) => waiting.push(moved));
    for (;;) {
      while (waiting.length === 0) await this.#eventOf(this.#reader);
      const [next] = waiting.splice(0, 1);
      if (!next || next.count === 0 || this.#isReaderGone) return;
      yield next;
      this.#readInto(next.buffer);
    }
  }

  /** A buffer to answer with: frames go behind the header's bytes. */
  async takeBuffer(): Promise<ArrayBuffer> {
    while (this.#free.length === 0) await this.#eventOf(this.#writer);
    return this.#free.pop() ?? new ArrayBuffer(0);
  }

  /** Answers with so many frames, without waiting for the pipe. */
  answer(buffer: ArrayBuffer, count: number): void {
    const header = new DataView(buffer);
    header.setUint32(0, answerKinds.frames, true);
    header.setUint32(4, count, true);
    this.#writing += 1;
    this.#writer.postMessage({ buffer, count }, [buffer]);
  }

  /** Resolves when all answers are written. */
  async flush(): Promise<void> {
    while (this.#writing > 0 && !this.#isReaderGone) await this.#eventOf(this.#writer);
  }

  #readInto(buffer: ArrayBuffer): void {
    this.#reader.postMessage({ buffer, count: 0 }, [buffer]);
  }

  /** Waits for the next message of a thread. @throws what ended it. */
  async #eventOf(worker: Worker): Promise<void> {
    if (this.#failure) throw this.#failure;
    await once(worker, 'message');
  }
}

interface ThreadData {
  readonly isReader: boolean;
  readonly headerBytes: number;
  readonly frameBytes: number;
}

/** Frames in a buffer; none at the end of the pipe. */
interface Moved {
  readonly buffer: ArrayBuffer;
  readonly count: number;
}

/** What a thread does. It gets to it as text, and so takes nothing from outside of itself. */
function moveFrames(): void {
  const { readSync, writeSync } = process.getBuiltinModule('node:fs');
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { isReader, headerBytes, frameBytes }: ThreadData = workerData;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  /** Moves all bytes between two places. @returns false at the end of the pipe. */
  const moveAll = (bytes: Uint8Array, begin: number, end: number): boolean => {
    for (let at = begin; at < end; ) {
      try {
        const count = isReader ? readSync(0, bytes, at, end - at, null) : writeSync(1, bytes, at, end - at);
        if (count === 0) return false;
        at += count;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EOF' || code === 'EPIPE' || code === 'ECONNRESET') return false;
        // Only where another process has made the pipe a non-blocking one.
        if (code !== 'EAGAIN') throw error;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
    return true;
  };
  parentPort?.on('message', ({ buffer, count }: Moved) => {
    const bytes = new Uint8Array(buffer);
    let moved = count;
    let isOpen = true;
    if (isReader) {
      isOpen = moveAll(bytes, 0, headerBytes);
      moved = isOpen ? new DataView(buffer).getUint32(0, true) : 0;
      if (moved * frameBytes > bytes.length - headerBytes)
        throw new RangeError(`${moved} frames at once were not agreed upon`);
    }
    isOpen &&= moveAll(bytes, isReader ? headerBytes : 0, headerBytes + moved * frameBytes);
    parentPort.postMessage({ buffer, count: isOpen ? moved : 0 }, [buffer]);
    if (!isOpen) parentPort.close();
  });
}
