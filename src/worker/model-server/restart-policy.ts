import type { EngineServerLimits } from './limits.ts';

/** How one start of a server ended. */
export type ServerEnd = 'died-loading' | 'died-serving' | 'port-taken';

/** Counts how starts of a server end, to tell when another one is pointless. */
export class RestartTally {
  readonly #limits: EngineServerLimits;
  #loadDeaths = 0;
  #barrenDeaths = 0;
  #portConflicts = 0;

  constructor(limits: EngineServerLimits) {
    this.#limits = limits;
  }

  /** In a row: the pause before the next start grows with them. */
  get deaths(): number {
    return Math.max(1, this.#barrenDeaths);
  }

  /** The server became ready. */
  loaded(): void {
    this.#loadDeaths = 0;
    this.#portConflicts = 0;
  }

  /** A request was answered, or it is known which one must not be asked: there is progress. */
  progressed(): void {
    this.#barrenDeaths = 0;
  }

  /** Notes an end; gives why there must be no other start, for a person, or null. */
  ended(how: ServerEnd): string | null {
    if (how === 'port-taken') {
      this.#portConflicts += 1;
      return this.#portConflicts < this.#limits.maxPortConflicts
        ? null
        : `found its port taken ${this.#portConflicts} times in a row`;
    }
    this.#barrenDeaths += 1;
    if (how === 'died-loading') this.#loadDeaths += 1;
    if (this.#loadDeaths >= this.#limits.maxLoadDeaths)
      return `died ${this.#loadDeaths} times in a row while it loaded`;
    if (this.#barrenDeaths > this.#limits.maxBarrenDeaths)
      return `died ${this.#barrenDeaths} times in a row without an answer in between`;
    return null;
  }
}
