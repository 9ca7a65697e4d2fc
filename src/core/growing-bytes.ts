/**
 * Bytes that arrive in pieces. They are copied: of a piece of one byte, the buffer that it is a part of would stay in memory,
 * and a sender chooses how small its pieces are.
 */
export class GrowingBytes {
  #bytes = Buffer.alloc(0);
  length = 0;

  append(piece: Uint8Array): void {
    const needed = this.length + piece.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length = needed;
  }

  /** What has arrived, after which nothing has. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
    return taken;
  }
}
