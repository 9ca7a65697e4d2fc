/**
 * How long one piece of work has been without success. It runs from the first failure on, and begins anew when the
 * work reports progress.
 */
export class RetryWindow {
  readonly #limitMs: () => number;
  #sinceMs: number | null = null;

  /** @param limitMs - Asked again each time: it may change while one waits. */
  constructor(limitMs: () => number) {
    this.#limitMs = limitMs;
  }

  /** Something does not work right now. */
  begin(): void {
    this.#sinceMs ??= performance.now();
  }

  /** Something worked. */
  reset(): void {
    this.#sinceMs = null;
  }

  /** How long nothing has worked, in milliseconds. */
  get waitedMs(): number {
    return this.#sinceMs === null ? 0 : performance.now() - this.#sinceMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#limitMs() - this.waitedMs);
  }
}
