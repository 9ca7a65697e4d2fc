/**
 * The fills of one region, in which the last one is taken again as long as all that it was made of stays the same. Equal
 * crops have equal fills, so that it shows in nothing but the time it takes.
 */
export class ReusedFills {
  /** Crops that were given, and those of them that had the fill of the one before. */
  given = 0;
  reused = 0;
  readonly #ask: (rgb: Uint16Array, mask: Uint8Array) => Promise<Uint16Array>;
  #last: { readonly rgb: Uint16Array; readonly mask: Uint8Array; readonly fill: Uint16Array } | null = null;

  /** @param ask - What fills a crop, and depends on nothing else. */
  constructor(ask: (rgb: Uint16Array, mask: Uint8Array) => Promise<Uint16Array>) {
    this.#ask = ask;
  }

  /** @param rgb - A crop whose pixels under the mask are blank. It is kept. */
  async fill(rgb: Uint16Array, mask: Uint8Array): Promise<Uint16Array> {
    this.given += 1;
    if (this.#last && isSame(this.#last.mask, mask) && isSame(this.#last.rgb, rgb)) {
      this.reused += 1;
      return this.#last.fill;
    }
    const fill = await this.#ask(rgb, mask);
    this.#last = { rgb, mask, fill };
    return fill;
  }
}

function isSame(one: Uint8Array | Uint16Array, other: Uint8Array | Uint16Array): boolean {
  if (one === other) return true;
  return bytesOf(one).equals(bytesOf(other));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
