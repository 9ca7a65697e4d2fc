import { createHash } from 'node:crypto';

/** What the stand-in does wrong. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      readonly retryAfter?: string;
    }
  | { readonly kind: 'body'; readonly body: string | Uint8Array }
  | ({ readonly kind: 'answer'; readonly text: string } & AnswerEnd)
  /** A good answer with so many more words, different ones for every input. */
  | { readonly kind: 'answer-with-noise'; readonly words: number }
  /** The JSON that was asked for, but cut off, without a key, with a wrong value, or with words in its place. */
  | { readonly kind: 'broken-json' }
  | { readonly kind: 'echo' | 'over-length' | 'hang' | 'reset' | 'reset-mid-body' | 'huge' }
  /** Takes the whole process along: killed at once, or stuck for ever; only for one of its own. */
  | { readonly kind: 'die' | 'freeze' }
  /** The model is dead from now on, as `/health` says, and only the API is left: every request is a 500. */
  | { readonly kind: 'sicken' };

/** When it does so. Without a rate: always; without a count: as often as it comes. */
export interface FaultRule {
  readonly fault: Fault;
  /** Share of requests, 0 to 1, drawn with the server's seed. */
  readonly rate?: number;
  /** Drawn by what each request says, so that their order does not matter. */
  readonly isDrawnByRequest?: boolean;
  /** Only this many requests, the next ones. */
  readonly times?: number;
  /** Only requests whose text holds this. */
  readonly textIncludes?: string;
}

/** Decides which request goes wrong. */
export class FaultPlan {
  readonly #random01: () => number;
  #rule: FaultRule | null = null;
  #left = 0;

  constructor(seed: number) {
    this.#random01 = seededRandom(seed);
  }

  set(rule: FaultRule | null): void {
    this.#rule = rule;
    this.#left = rule?.times ?? Number.POSITIVE_INFINITY;
  }

  /** The fault of the next request with this text; null for none. @param seed - What its sampling starts with. */
  next(text: string, seed: number | null = null): Fault | null {
    const rule = this.#rule;
    if (!rule || this.#left <= 0) return null;
    if (rule.textIncludes !== undefined && !text.includes(rule.textIncludes)) return null;
    const drawn = () => (rule.isDrawnByRequest ? share01(`${seed}|${text}`) : this.#random01());
    if (rule.rate !== undefined && drawn() >= rule.rate) return null;
    this.#left -= 1;
    return rule.fault;
  }
}

/** A number from 0 up to 1, by a text. */
function share01(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0) / 2 ** 32;
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How an answer ends, and how many tokens it is said to have. */
export interface AnswerEnd {
  readonly finishReason?: string;
  readonly outputTokens?: number;
}
