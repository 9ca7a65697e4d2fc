/** Things handed over in order, from one that makes them to one that takes them; whoever makes them bounds their number. */
export class PartQueue<T> implements AsyncIterable<T> {
  #parts: T[] = [];
  #isClosed = false;
  #arrived = Promise.withResolvers<void>();

  push(part: T): void {
    this.#parts.push(part);
    this.#arrived.resolve();
  }

  /** Nothing comes any more. What is there already is still taken. */
  close(): void {
    this.#isClosed = true;
    this.#arrived.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const parts = this.#parts;
      this.#parts = [];
      yield* parts;
      if (this.#parts.length > 0) continue;
      if (this.#isClosed) return;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
  }
}
