import type { TokenDrift } from './report.ts';

/** Drift of predicted against actual prompt tokens that is worth telling, in percent. */
const notableDriftPercent = 10;

/** Sums predicted and actual prompt tokens over a run. */
export class TokenDriftMeter {
  readonly #estimator: string;
  #prompts = 0;
  #predicted = 0;
  #actual = 0;

  constructor(estimator: string) {
    this.#estimator = estimator;
  }

  /** Adds one answered prompt; `actual` is null when the engine does not count, which says nothing. */
  add(predicted: number, actual: number | null): void {
    if (actual === null || actual === 0) return;
    this.#prompts++;
    this.#predicted += predicted;
    this.#actual += actual;
  }

  /** The drift so far; null before any engine counted. */
  get drift(): TokenDrift | null {
    if (this.#prompts === 0) return null;
    const percent = Math.round((this.#predicted / this.#actual - 1) * 1000) / 10;
    return {
      estimator: this.#estimator,
      prompts: this.#prompts,
      predicted: this.#predicted,
      actual: this.#actual,
      drift_percent: percent,
      is_notable: Math.abs(percent) > notableDriftPercent,
    };
  }
}
