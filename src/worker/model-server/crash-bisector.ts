interface Group<T> {
  readonly members: Set<T>;
  /** When the group before it ends well, a poison request is in here. */
  isPoisonedElse: boolean;
}

/** A server may also be killed by accident: two deaths prove nothing, and neither does one with the request alone. */
const deathsForProof = 3;
const deathsAloneForProof = 2;

/**
 * Finds the requests that kill a server (poison requests), by halves. Those in flight when it died are candidates. Half of
 * them are sent together while all others wait; a request that gets an answer is cleared. If the server dies again, that
 * half is halved; if the half ends well, the other one is halved without being tried, because a death costs a whole load
 * of the model and a narrow round costs one request. A poison request was in flight at three deaths, and alone at two of
 * them.
 *
 * One poison request among `n` costs at most `max(3, 2 + ceil(log2(n)))` deaths, every further one at most as many.
 */
export class CrashBisector<T extends object> {
  /** The last group is sent now; the others wait in this order, from the end. */
  readonly #groups: Group<T>[] = [];
  readonly #deaths = new WeakMap<T, number>();
  readonly #deathsAlone = new WeakMap<T, number>();

  get isBisecting(): boolean {
    return this.#groups.length > 0;
  }

  /** How many candidates are left. */
  get count(): number {
    return this.#groups.reduce((sum, group) => sum + group.members.size, 0);
  }

  deathsOf(request: T): number {
    return this.#deaths.get(request) ?? 0;
  }

  maySend(request: T): boolean {
    return this.#groups.at(-1)?.members.has(request) ?? true;
  }

  /**
   * The server died while these were in flight.
   *
   * @returns the poison request, if it is known now; it is a candidate no more.
   */
  died(inFlight: readonly T[]): T | null {
    for (const request of inFlight) this.#deaths.set(request, this.deathsOf(request) + 1);
    const [only, ...others] = inFlight;
    if (only === undefined) return null;
    for (const request of inFlight) this.#remove(request);
    this.#dropEmpty();
    // This death explains itself: those that waited are no likelier to be poison than before.
    for (const group of this.#groups) group.isPoisonedElse = false;
    if (others.length === 0 && this.#isPoison(only)) return only;
    this.#pushHalves(inFlight);
    return null;
  }

  /** The request got an answer, or will not be sent any more. */
  clear(request: T): void {
    if (!this.#remove(request)) return;
    const wasLast = this.#groups.at(-1)?.members.size === 0;
    this.#dropEmpty();
    const next = this.#groups.at(-1);
    if (!wasLast || !next?.isPoisonedElse || next.members.size < 2) return;
    this.#groups.pop();
    this.#pushHalves([...next.members]);
  }

  #isPoison(request: T): boolean {
    const deathsAlone = (this.#deathsAlone.get(request) ?? 0) + 1;
    this.#deathsAlone.set(request, deathsAlone);
    return deathsAlone >= deathsAloneForProof && this.deathsOf(request) >= deathsForProof;
  }

  #pushHalves(requests: readonly T[]): void {
    const middle = Math.ceil(requests.length / 2);
    const [first, second] = [requests.slice(0, middle), requests.slice(middle)];
    if (second.length > 0) this.#groups.push({ members: new Set(second), isPoisonedElse: true });
    this.#groups.push({ members: new Set(first), isPoisonedElse: false });
  }

  #remove(request: T): boolean {
    return this.#groups.some((group) => group.members.delete(request));
  }

  #dropEmpty(): void {
    while (this.#groups.at(-1)?.members.size === 0) this.#groups.pop();
  }
}
