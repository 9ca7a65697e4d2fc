/** Carries values from many writers to one reader, in order, until it is ended. */
export class EventQueue<Value> implements AsyncIterable<Value> {
  #values: Value[] = [];
  #isEnded = false;
  #error: unknown = null;
  #wake: () => void = () => undefined;

  push(value: Value): void {
    this.#values.push(value);
    this.#wake();
  }

  /** Ends the queue; with an error, the reader gets it after the values that came before. */
  end(error: unknown = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const values = this.#values;
      this.#values = [];
      yield* values;
      if (this.#values.length > 0) continue;
      if (this.#isEnded) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== null) throw this.#error;
  }
}
