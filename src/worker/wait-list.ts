/** Calls that wait for something, first come first served. */
export class WaitList {
  readonly #waiting = new Set<() => void>();

  /** Resolves when it is this call's turn; rejects with the signal's reason when that aborts first. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(wake);
    });
  }

  /** Wakes the one that waits longest; false when nobody waits. */
  wakeOne(): boolean {
    for (const wake of this.#waiting) {
      this.#waiting.delete(wake);
      wake();
      return true;
    }
    return false;
  }

  wakeAll(): void {
    while (this.wakeOne());
  }
}
