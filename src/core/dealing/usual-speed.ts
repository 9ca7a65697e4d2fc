/** Of one worker that is not measured: as fast as the measured ones are on the average. */
export class UsualSpeed {
  #sum = 0;
  #count = 0;

  get speed(): number {
    // Any speed will do while all are equal, if only it is slow: no task is late yet.
    return this.#count === 0 ? 1e-9 : this.#sum / this.#count;
  }

  change(before: number | null, after: number | null): void {
    this.#sum += (after ?? 0) - (before ?? 0);
    this.#count += Number(after !== null) - Number(before !== null);
  }
}
