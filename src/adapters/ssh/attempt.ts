import { onAbort } from '../../async/abort.ts';
import { armDeadline, DeadlineError } from '../../async/deadline.ts';
import type { LiveConnection, SshConnection } from './connection.ts';

/** One try of a piece of work on one connection. */
export interface SshAttempt {
  /** From 1. */
  readonly number: number;
  /** Aborts when the result is no longer wanted: the connection is lost, the time is up, or the caller gave up. */
  readonly signal: AbortSignal;
  /** Tells that the work gets on: deadline and patience then count from here. */
  progress(): void;
}

/** Something to do on a connection. It must be safe to repeat, also while an abandoned try still ends. */
export type SshWork<T> = (connection: SshConnection, attempt: SshAttempt) => Promise<T>;

/** A try that got nowhere for as long as it may. */
export class NoProgressError extends DeadlineError {
  override readonly name: string = 'NoProgressError';
}

/** How one try is bounded. */
export interface AttemptBounds {
  readonly number: number;
  /** Longest time without progress, in milliseconds; null for no bound. */
  readonly deadlineMs: number | null;
  readonly signals: readonly AbortSignal[];
  onProgress(): void;
}

/**
 * Does work on a connection until it is done, the connection is lost, the time is up, or a signal aborts,
 * whichever comes first. Work that is given up goes on in the background until it notices.
 *
 * @throws what the work throws; the reason the connection was lost; NoProgressError; the signal's reason.
 */
export async function attemptWork<T>(
  connection: LiveConnection,
  work: (connection: LiveConnection, attempt: SshAttempt) => Promise<T>,
  bounds: AttemptBounds,
): Promise<T> {
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const give = (reason: unknown) => {
    ended.reject(reason);
    controller.abort(reason);
  };
  const stopListening = onAbort([...bounds.signals, connection.lost], give);
  const { deadlineMs } = bounds;
  const deadline =
    deadlineMs === null
      ? null
      : armDeadline(
          deadlineMs,
          () => connection.isOpening,
          () => give(late(deadlineMs)),
        );
  const progress = () => {
    deadline?.restart();
    bounds.onProgress();
  };
  const leave = connection.enter();
  try {
    controller.signal.throwIfAborted();
    const attempt = { number: bounds.number, signal: controller.signal, progress };
    return await Promise.race([work(connection, attempt), ended.promise]);
  } finally {
    deadline?.disarm();
    stopListening();
    leave();
  }
}

function late(deadlineMs: number): NoProgressError {
  return new NoProgressError(`no progress within ${deadlineMs / 1000} s`);
}
