import { onAbort } from './abort.ts';

/**
 * Carries values from many writers to one reader, in order, until it is ended. The writers bound its length: by what they
 * write, or by waiting for room.
 */
export class AsyncQueue<Value> implements AsyncIterable<Value> {
  #values: Value[] = [];
  #isEnded = false;
  #error: unknown = null;
  #arrived = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  #waitingCount = 0;

  /** Values that the reader has not taken yet. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  push(value: Value): void {
    this.#values.push(value);
    this.#waitingCount += 1;
    this.#arrived.resolve();
  }

  /** Resolves when fewer than so many values wait for the reader, or when the queue has ended. */
  async room(most: number): Promise<void> {
    while (this.#waitingCount >= most && !this.#isEnded) await this.#taken.promise;
  }

  /** Ends the queue: the reader gets what is there already, then `error` where one is given. */
  end(error: unknown = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#arrived.resolve();
    this.#taken.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const values = this.#values;
      this.#values = [];
      for (const value of values) {
        this.#waitingCount -= 1;
        this.#taken.resolve();
        if (!this.#isEnded) this.#taken = Promise.withResolvers();
        yield value;
      }
      if (this.#values.length > 0) continue;
      if (this.#isEnded) break;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    if (this.#error !== null) throw this.#error;
  }
}

/** Calls that wait for something, first come first served. */
export class WaitQueue {
  readonly #waiting = new Set<() => void>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is this call's turn; rejects with the signal's reason when that aborts first. */
  async wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const turn = Promise.withResolvers<void>();
    this.#waiting.add(turn.resolve);
    // Removed at once, so that no wake-up is spent on a call that has gone.
    const leave = (reason: unknown) => {
      this.#waiting.delete(turn.resolve);
      turn.reject(reason);
    };
    const stopListening = signal && onAbort(signal, leave);
    try {
      await turn.promise;
    } finally {
      stopListening?.();
    }
  }

  /** Wakes the call that waits longest; false when none waits. */
  wakeOne(): boolean {
    const [wake] = this.#waiting;
    if (!wake) return false;
    this.#waiting.delete(wake);
    wake();
    return true;
  }

  wakeAll(): void {
    while (this.wakeOne());
  }
}
