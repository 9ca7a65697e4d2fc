/** How long work has been without success: from the first failure on, and again from the start after progress. */
export class RetryWindow {
  readonly #limitMs: () => number;
  #sinceMs: number | null = null;

  /** @param limitMs - Read each time, because it may change meanwhile. */
  constructor(limitMs: () => number) {
    this.#limitMs = limitMs;
  }

  begin(): void {
    this.#sinceMs ??= performance.now();
  }

  reset(): void {
    this.#sinceMs = null;
  }

  /** How long nothing has succeeded, in milliseconds. */
  get waitedMs(): number {
    return this.#sinceMs === null ? 0 : performance.now() - this.#sinceMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#limitMs() - this.waitedMs);
  }
}
