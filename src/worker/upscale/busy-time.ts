/** Adds up how long at least one of several things was under way. */
export class BusyTime {
  #active = 0;
  #sinceMs = 0;
  #totalMs = 0;

  /** Whole milliseconds so far. */
  get ms(): number {
    const openMs = this.#active > 0 ? performance.now() - this.#sinceMs : 0;
    return Math.round(this.#totalMs + openMs);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active === 0) this.#sinceMs = performance.now();
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      if (this.#active === 0) this.#totalMs += performance.now() - this.#sinceMs;
    }
  }
}
