/** Whether a host answers, as far as it was tried. */
export interface LinkState {
  readonly isReachable: boolean;
  /** Why it is not reachable; null when it is, or when it was not tried yet. */
  readonly message: string | null;
}

/** Keeps a {@link LinkState}, and notifies of every change. */
export class Reachability {
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = { isReachable: false, message: null };
  /** Whether this process has ever reached the host. */
  wasReached = false;

  get state(): LinkState {
    return this.#state;
  }

  /** @returns what stops the notifications. A listener must not throw. */
  onChange(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reached(): void {
    this.wasReached = true;
    if (!this.#state.isReachable) this.#change({ isReachable: true, message: null });
  }

  /** The host did not answer. A connection that broke is no such failure before a new one fails. */
  failed(message: string): void {
    if (!this.#state.isReachable && this.#state.message === message) return;
    this.#change({ isReachable: false, message });
  }

  #change(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
