import { WaitQueue } from '../../../async/wait-queue.ts';
import { ApiError } from '../../http/api-error.ts';

/** Lets one in at a time; a few others wait a while, first come first served. */
export class BoundedMutex {
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #waiting = new WaitQueue();
  #isTaken = false;
  #waitingCount = 0;

  constructor(maxWaiting: number, maxWaitMs: number) {
    this.#maxWaiting = maxWaiting;
    this.#maxWaitMs = maxWaitMs;
  }

  /** @throws ApiError 503 when too many wait already, or the wait gets too long; the signal's reason when it aborts. */
  async during<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#isTaken) await this.#wait(signal);
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      // The turn goes straight to the one that waits longest.
      this.#isTaken = this.#waiting.wakeOne();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const busy = new ApiError(503, 'busy', 'Other pictures are being upscaled; try again in a while.');
    if (this.#waitingCount >= this.#maxWaiting) throw busy;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(busy), this.#maxWaitMs);
    this.#waitingCount += 1;
    try {
      await this.#waiting.wait(AbortSignal.any([signal, late.signal]));
    } finally {
      this.#waitingCount -= 1;
      clearTimeout(timer);
    }
  }
}
