/** A failure that may have the cause of others. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * Counts failures with one cause, so that a run stops asking when nothing else comes: a success forgets them all. Messages
 * that differ in numbers and ids alone are of one cause.
 */
export class RepeatedFailures {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  /** @param limit - Equal failures without a success in between that are too many; 0 for any number. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns why nothing more is to be asked: a sentence; null as long as there is no reason to stop. */
  note(failure: Failure | null): string | null {
    if (failure === null) {
      this.#counts.clear();
      return null;
    }
    const cause = causeOf(failure);
    const count = (this.#counts.get(cause) ?? 0) + 1;
    this.#counts.set(cause, count);
    if (this.#limit === 0 || count < this.#limit) return null;
    return `${this.#limit} prompts failed with the same error and none succeeded in between, so no more are sent (retry.max_equal_failures): ${failure.message}`;
  }
}

/** Ids are in hexadecimal digits; counts, ports and durations in decimal ones. */
function causeOf({ code, message }: Failure): string {
  return `${code} ${message.replaceAll(/\b[0-9a-f]{8,}\b|\d+/g, '#')}`;
}
