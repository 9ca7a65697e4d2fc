import { onAbort } from './abort.ts';

/** Work under way that several callers wait for. */
interface Flight<T> {
  readonly outcome: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Does the same work once for all who ask while it is under way. Each caller's signal ends its own wait;
 * the work itself is aborted when no caller waits any more.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** @throws the signal's reason when it aborts, else what `work` throws. */
  async run(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting++;
    if (!signal) return await flight.outcome;
    return await this.#waitWithSignal(key, flight, signal);
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight = { outcome: work(controller.signal), controller, waiting: 0 };
    this.#flights.set(key, flight);
    const forget = () => this.#forget(key, flight);
    flight.outcome.then(forget, forget);
    return flight;
  }

  async #waitWithSignal(key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> {
    const left = Promise.withResolvers<never>();
    const leave = () => {
      flight.waiting--;
      if (flight.waiting > 0) return left.reject(signal.reason);
      // The last caller waits until the work has really stopped: it then fails with the same reason.
      this.#forget(key, flight);
      flight.controller.abort(signal.reason);
    };
    const stopListening = onAbort(signal, leave);
    try {
      return await Promise.race([flight.outcome, left.promise]);
    } finally {
      stopListening();
    }
  }

  /** Later callers start the work again. */
  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
