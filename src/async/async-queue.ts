/** Carries values from many writers to one reader, in order, until it is ended. The writers bound its length. */
export class AsyncQueue<Value> implements AsyncIterable<Value> {
  #values: Value[] = [];
  #isEnded = false;
  #error: unknown = null;
  #arrived = Promise.withResolvers<void>();

  push(value: Value): void {
    this.#values.push(value);
    this.#arrived.resolve();
  }

  /** Ends the queue: the reader gets what is there already, then `error` where one is given. */
  end(error: unknown = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#arrived.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const values = this.#values;
      this.#values = [];
      yield* values;
      if (this.#values.length > 0) continue;
      if (this.#isEnded) break;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    if (this.#error !== null) throw this.#error;
  }
}
