import { onAbort, unlessAborted } from './abort.ts';

/** The longest time Node's timers can count, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

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
  const late = () => controller.abort(new DeadlineError(`${what} within ${timeoutMs / 1000} s`));
  const timer = setTimeout(late, Math.min(timeoutMs, longestTimerMs));
  const stopListening = signal && onAbort(signal, (reason) => controller.abort(reason));
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    stopListening?.();
  }
}

/** Waits for `work`, but no longer than `timeoutMs`. @throws What `onLate` makes when the time is up. */
export async function within<T>(timeoutMs: number, work: Promise<T>, onLate: () => Error): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(onLate()), Math.min(timeoutMs, longestTimerMs));
  try {
    return await unlessAborted(work, controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when `work` has ended in any way, or after `timeoutMs`; keeps no process alive. @returns whether it ended. */
export async function settlesWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), Math.min(timeoutMs, longestTimerMs));
  timer.unref();
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export interface ArmedDeadline {
  /** Lets it count from now. */
  restart(): void;
  disarm(): void;
}

/** Calls `onExpired` after `timeoutMs`; counts again from the start as long as `isExcused` gives a reason to wait. */
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
