/** What a wait fails with when its time is up. */
export class DeadlineError extends Error {
  override readonly name: string = 'DeadlineError';
  readonly code = 'ETIMEDOUT';
}

/**
 * Waits for `work`, but no longer than `timeoutMs`; `work`'s signal then aborts, as it does with `signal`.
 *
 * @throws DeadlineError `WHAT within N s` when the time is up; the reason of `signal` when it aborts.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const give = (reason: unknown) => {
    late.reject(reason);
    controller.abort(reason);
  };
  const timer = setTimeout(() => give(new DeadlineError(`${what} within ${timeoutMs / 1000} s`)), timeoutMs);
  const onAbort = () => give(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Tells whether a person is being waited for, who may take longer than any deadline of a machine. */
export class PersonGate {
  #asking = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** Whether a person is being asked, or was within the last `ms`. */
  wasAskingWithin(ms: number): boolean {
    return this.#asking > 0 || performance.now() - this.#endedMs < ms;
  }

  /** Does what a person has to answer. */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    this.#asking++;
    try {
      return await ask();
    } finally {
      this.#asking--;
      this.#endedMs = performance.now();
    }
  }
}

/** A deadline that runs. */
export interface ArmedDeadline {
  /** Lets it count from now. */
  restart(): void;
  disarm(): void;
}

/** Calls `onExpired` after `timeoutMs`, and not while there is a good reason to wait. */
export function armDeadline(
  timeoutMs: number,
  isExcused: () => boolean,
  onExpired: () => void,
): ArmedDeadline {
  const expire = () => {
    if (isExcused()) timer = setTimeout(expire, timeoutMs);
    else onExpired();
  };
  let timer = setTimeout(expire, timeoutMs);
  return { restart: () => timer.refresh(), disarm: () => clearTimeout(timer) };
}

/** Calls `listener` with the reason as soon as one of the signals aborts, at once if one has; gives what stops it. */
export function onAbort(signals: readonly AbortSignal[], listener: (reason: unknown) => void): () => void {
  const listen = (event: Event) => listener((event.target as AbortSignal).reason);
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted) listener(aborted.reason);
  for (const signal of signals) signal.addEventListener('abort', listen, { once: true });
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', listen);
  };
}
