/** Values that were found last, by key; older ones are forgotten, so that a million keys take no more room than these. */
export class RecentMap<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #limit: number;

  /** @param limit - How many are remembered. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value of a key, made when it is not remembered. */
  getOr(key: Key, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#values.set(key, made);
    if (this.#values.size > this.#limit) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    return made;
  }

  /** Has the value of a key made again when it is wanted next. */
  forget(key: Key): void {
    this.#values.delete(key);
  }
}
