interface Group<T> {
  readonly members: Set<T>;
  /** When the group before it ends well, whoever killed the server is in here. */
  isGuiltyElse: boolean;
}

/** A server may also be killed by accident: nobody is blamed for being there two times, nor for being alone once. */
const deathsForBlame = 3;
const deathsAloneForBlame = 2;

/**
 * Finds the requests that kill a server, by halves. Those in flight when it died are suspects. Half of them are
 * asked together while everybody else waits; whoever gets an answer is cleared. If the server dies again, that half is
 * halved; if the half ends well, the other one is halved without being tried, because a death costs a whole load
 * of the model and a narrow round costs one request. The culprit is whoever was in flight at three deaths, and alone at
 * two of them.
 *
 * One culprit among `n` costs at most `max(3, 2 + ceil(log2(n)))` deaths, every further one at most as many.
 */
export class Suspects<T extends object> {
  /** The last one is asked now; the others wait in this order, from the end. */
  readonly #groups: Group<T>[] = [];
  readonly #deaths = new WeakMap<T, number>();
  readonly #deathsAlone = new WeakMap<T, number>();

  /** Whether anybody is under suspicion. */
  get isHunting(): boolean {
    return this.#groups.length > 0;
  }

  /** How many are still under suspicion. */
  get count(): number {
    return this.#groups.reduce((sum, group) => sum + group.members.size, 0);
  }

  /** So often the server died while this request was in flight. */
  deathsOf(request: T): number {
    return this.#deaths.get(request) ?? 0;
  }

  /** Whether this request may be sent now. */
  mayAsk(request: T): boolean {
    return this.#groups.at(-1)?.members.has(request) ?? true;
  }

  /**
   * The server died while these were in flight.
   *
   * @returns the culprit, if that is settled now; it is under suspicion no more.
   */
  died(inFlight: readonly T[]): T | null {
    for (const request of inFlight) this.#deaths.set(request, this.deathsOf(request) + 1);
    const [only, ...others] = inFlight;
    if (only === undefined) return null;
    for (const request of inFlight) this.#remove(request);
    this.#dropEmpty();
    // What this death tells is told: those that waited are no likelier to be guilty than before.
    for (const group of this.#groups) group.isGuiltyElse = false;
    if (others.length === 0 && this.#isToBlame(only)) return only;
    this.#pushHalves(inFlight);
    return null;
  }

  /** The request got an answer, or will not be asked any more. */
  clear(request: T): void {
    if (!this.#remove(request)) return;
    const wasLast = this.#groups.at(-1)?.members.size === 0;
    this.#dropEmpty();
    const next = this.#groups.at(-1);
    if (!wasLast || !next?.isGuiltyElse || next.members.size < 2) return;
    this.#groups.pop();
    this.#pushHalves([...next.members]);
  }

  #isToBlame(request: T): boolean {
    const deathsAlone = (this.#deathsAlone.get(request) ?? 0) + 1;
    this.#deathsAlone.set(request, deathsAlone);
    return deathsAlone >= deathsAloneForBlame && this.deathsOf(request) >= deathsForBlame;
  }

  #pushHalves(requests: readonly T[]): void {
    const middle = Math.ceil(requests.length / 2);
    const [first, second] = [requests.slice(0, middle), requests.slice(middle)];
    if (second.length > 0) this.#groups.push({ members: new Set(second), isGuiltyElse: true });
    this.#groups.push({ members: new Set(first), isGuiltyElse: false });
  }

  #remove(request: T): boolean {
    return this.#groups.some((group) => group.members.delete(request));
  }

  #dropEmpty(): void {
    while (this.#groups.at(-1)?.members.size === 0) this.#groups.pop();
  }
}
