import type { Clock } from '../../ports/clock.ts';

/** Whether a host answers, as far as anybody has tried. */
export interface LinkState {
  readonly isReachable: boolean;
  /** When that came to be, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** Why it is not reachable; null when it is, or when nobody has tried. */
  readonly message: string | null;
}

/** Keeps a {@link LinkState}, and tells of every change. */
export class Reachability {
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState;
  #lostAtMs: number | null = null;
  #wasReached = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#state = { isReachable: false, sinceMs: clock.now(), message: null };
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Whether the host was ever reached by this process. */
  get wasReached(): boolean {
    return this.#wasReached;
  }

  /** Gives what stops the listening. A listener must not throw. */
  onChange(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reached(): void {
    this.#wasReached = true;
    this.#lostAtMs = null;
    if (!this.#state.isReachable)
      this.#change({ isReachable: true, sinceMs: this.#clock.now(), message: null });
  }

  /** A connection broke. That is no news before it turned out that there is no other to be had. */
  lost(): void {
    this.#lostAtMs ??= this.#clock.now();
  }

  /** The host did not answer. */
  failed(message: string): void {
    if (!this.#state.isReachable && this.#state.message === message) return;
    const sinceMs = this.#state.isReachable ? (this.#lostAtMs ?? this.#clock.now()) : this.#state.sinceMs;
    this.#change({ isReachable: false, sinceMs, message });
  }

  #change(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
