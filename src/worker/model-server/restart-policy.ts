import type { ModelServerLimits } from './limits.ts';

export type ServerEnd = 'died-loading' | 'died-serving' | 'port-taken';

/** Decides by how starts of a server ended whether another one is worth the while. */
export class RestartPolicy {
  readonly #limits: ModelServerLimits;
  #loadDeaths = 0;
  #fruitlessDeaths = 0;
  #portConflicts = 0;

  constructor(limits: ModelServerLimits) {
    this.#limits = limits;
  }

  /** In a row: the pause before the next start grows with them. */
  get deaths(): number {
    return Math.max(1, this.#fruitlessDeaths);
  }

  loaded(): void {
    this.#loadDeaths = 0;
    this.#portConflicts = 0;
  }

  /** A request was answered, or the poison request is known: there is progress. */
  progressed(): void {
    this.#fruitlessDeaths = 0;
  }

  /** Notes an end; gives why there must be no other start, for a person, or null. */
  ended(how: ServerEnd): string | null {
    if (how === 'port-taken') {
      this.#portConflicts += 1;
      return this.#portConflicts < this.#limits.maxPortConflicts
        ? null
        : `found its port taken ${this.#portConflicts} times in a row`;
    }
    this.#fruitlessDeaths += 1;
    if (how === 'died-loading') this.#loadDeaths += 1;
    if (this.#loadDeaths >= this.#limits.maxLoadDeaths)
      return `died ${this.#loadDeaths} times in a row while it loaded`;
    if (this.#fruitlessDeaths > this.#limits.maxFruitlessDeaths)
      return `died ${this.#fruitlessDeaths} times in a row without an answer in between`;
    return null;
  }
}
