import { onAbort } from './abort.ts';

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
