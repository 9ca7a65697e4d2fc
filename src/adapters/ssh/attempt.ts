import { onAbort, unlessAborted } from '../../async/abort.ts';
import { armDeadline, DeadlineError } from '../../async/deadline.ts';
import type { LiveConnection } from './connection.ts';

/** One try of a piece of work on one connection. */
export interface SshAttempt {
  /** From 1. */
  readonly number: number;
  /** Aborts when the result is no longer needed: the connection is lost, the time is up, or the caller aborted. */
  readonly signal: AbortSignal;
  /** Notes progress: the deadline and the time for retrying start again. */
  progress(): void;
}

/** A try that made no progress until its deadline. */
export class NoProgressError extends DeadlineError {
  override readonly name: string = 'NoProgressError';
}

interface AttemptBounds {
  readonly number: number;
  /** Longest time without progress, in milliseconds; null for no bound. */
  readonly deadlineMs: number | null;
  readonly signals: readonly AbortSignal[];
  onProgress(): void;
}

/**
 * Does work on a connection until it is done, the connection is lost, the time is up, or a signal aborts,
 * whichever comes first. Abandoned work continues in the background until it notices.
 *
 * @throws what the work throws; the reason why the connection was lost; NoProgressError; the signal's reason.
 */
export async function attemptWork<T>(
  connection: LiveConnection,
  work: (connection: LiveConnection, attempt: SshAttempt) => Promise<T>,
  { number, deadlineMs, signals, onProgress }: AttemptBounds,
): Promise<T> {
  const ended = new AbortController();
  const stopListening = onAbort([...signals, connection.lost], (reason) => ended.abort(reason));
  const deadline =
    deadlineMs === null
      ? null
      : armDeadline(
          deadlineMs,
          () => connection.isOpening,
          () => ended.abort(new NoProgressError(`no progress within ${deadlineMs / 1000} s`)),
        );
  const progress = () => {
    deadline?.restart();
    onProgress();
  };
  const leave = connection.enter();
  try {
    ended.signal.throwIfAborted();
    return await unlessAborted(work(connection, { number, signal: ended.signal, progress }), ended.signal);
  } finally {
    deadline?.disarm();
    stopListening();
    leave();
  }
}
