/** Knows whether the CLI waits for a person, who may take longer than any deadline of a machine. */
export class PromptTracker {
  #openCount = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** Whether the CLI asks a person now, or did within the last `ms`. */
  wasPromptingWithin(ms: number): boolean {
    return this.#openCount > 0 || performance.now() - this.#endedMs < ms;
  }

  /** Runs `ask`, which a person has to answer. */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    this.#openCount++;
    try {
      return await ask();
    } finally {
      this.#openCount--;
      this.#endedMs = performance.now();
    }
  }
}
