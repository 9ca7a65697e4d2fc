/** Knows whether the CLI waits for a person, who may take longer than any deadline of a machine. */
export class PromptGate {
  #prompts = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** Whether the CLI asks a person now, or did within the last `ms`. */
  wasPromptingWithin(ms: number): boolean {
    return this.#prompts > 0 || performance.now() - this.#endedMs < ms;
  }

  /** Runs `ask`, which a person has to answer. */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    this.#prompts++;
    try {
      return await ask();
    } finally {
      this.#prompts--;
      this.#endedMs = performance.now();
    }
  }
}
