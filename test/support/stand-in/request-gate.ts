/** Holds requests back until a test lets them go, so that the test decides what is still to do at a moment. */
export class RequestGate {
  readonly #waiting: (() => void)[] = [];
  #passes = Number.POSITIVE_INFINITY;
  #textIncludes = '';

  /** Lets `passes` more of the requests through whose text holds this, those that wait first; later ones wait. */
  set(passes: number, textIncludes: string): void {
    const through = this.#waiting.splice(0, passes);
    this.#passes = passes - through.length;
    this.#textIncludes = textIncludes;
    for (const resume of through) resume();
  }

  async pass(text: string): Promise<void> {
    if (!text.includes(this.#textIncludes)) return;
    if (this.#passes > 0) this.#passes -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
