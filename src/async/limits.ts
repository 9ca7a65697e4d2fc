import { onAbort } from './abort.ts';
import { WaitQueue } from './queues.ts';

/** Lets a limited number of pieces of work run at once; the others wait, first come first served. */
export class ConcurrencyLimiter {
  readonly #waiting = new WaitQueue();
  #free: number;

  /** @param limit - Pieces of work at once, at least 1. */
  constructor(limit: number) {
    this.#free = limit;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Does `work` when it is its turn. @throws The signal's reason when it aborts before that; else what `work` throws. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#waiting.wait(signal);
    try {
      return await work();
    } finally {
      // The place goes straight to the call that waits longest.
      if (!this.#waiting.wakeOne()) this.#free += 1;
    }
  }
}

/** Lets one piece of work run at a time. */
export class Mutex extends ConcurrencyLimiter {
  constructor() {
    super(1);
  }
}

/** Work that was started and is not awaited one by one. */
export class BackgroundWork {
  readonly #limit: number;
  readonly #onError: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  /**
   * @param limit - Pieces of work at once; {@link room} waits while there are as many.
   * @param onError - Is given what a piece of work rejects with.
   */
  constructor(limit: number, onError: (error: unknown) => void) {
    this.#limit = limit;
    this.#onError = onError;
  }

  /** Takes on a piece of work that has started. */
  add(work: Promise<unknown>): void {
    const running = work.then(() => undefined, this.#onError).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when a further piece of work may begin. */
  async room(): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
  }

  /** Resolves when all work that was taken on has ended; errors went to `onError`. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** Places that are taken when work is given out and left when it is done; further work waits for one to be free. */
export class Places {
  readonly #limit: number;
  #inside = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  enter(): void {
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Resolves when a place is free, or one of the signals aborts. */
  async wait(signals: readonly AbortSignal[]): Promise<void> {
    while (this.#inside >= this.#limit && !signals.some(({ aborted }) => aborted)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      const stopListening = onAbort(signals, () => resolve());
      await promise;
      stopListening();
    }
  }
}
