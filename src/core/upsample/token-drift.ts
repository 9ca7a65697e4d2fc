import type { TokenDrift } from './upsample-report.ts';

/** Drift of predicted against actual prompt tokens that is worth telling, in percent. */
const notableDriftPercent = 10;

/** What the text's estimate may be off by before frames are missed, as a factor. */
const textTolerance = 1.1;

/** Tokens of one prompt as they were predicted. */
export interface PredictedTokens {
  readonly vision: number;
  readonly text: number;
}

/** Sums predicted and actual prompt tokens over a run. */
export class TokenDriftMeter {
  readonly #estimator: string;
  #prompts = 0;
  #vision = 0;
  #text = 0;
  #actual = 0;

  constructor(estimator: string) {
    this.#estimator = estimator;
  }

  /** Adds one answered prompt; `actual` is null when the engine does not count, which says nothing. */
  add(predicted: PredictedTokens, actual: number | null): void {
    if (actual === null || actual === 0) return;
    this.#prompts++;
    this.#vision += predicted.vision;
    this.#text += predicted.text;
    this.#actual += actual;
  }

  /** The drift so far; null before any engine counted. */
  get drift(): TokenDrift | null {
    if (this.#prompts === 0) return null;
    const predicted = this.#vision + this.#text;
    const percent = Math.round((predicted / this.#actual - 1) * 1000) / 10;
    return {
      estimator: this.#estimator,
      prompts: this.#prompts,
      predicted,
      actual: this.#actual,
      drift_percent: percent,
      is_notable: Math.abs(percent) > notableDriftPercent,
      is_vision_missing: this.#vision > 0 && this.#actual <= this.#text * textTolerance,
    };
  }
}
