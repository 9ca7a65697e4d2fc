const firstLength = 4_096;

/** Numbers that come one by one, whose count is not known before; eight bytes each. */
export class GrowingNumbers {
  #numbers = new Float64Array(firstLength);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length] = number;
    this.#length += 1;
  }

  toArray(): Float64Array {
    return this.#numbers.slice(0, this.#length);
  }
}
