import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import type { RunWorker } from './run-workers.ts';

/** How often in a row a worker is started again without having finished anything in between. */
const maxFruitlessRestarts = 5;

/** Pause before a broken event stream is opened again, in milliseconds. */
const reconnectPauseMs = 100;

/** What following is done with. */
interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether a worker that ended is to be started again. */
  mayRestart(): boolean;
  /** The event stream has opened, for the first time or again: events may have been missed. */
  onConnected(): Promise<void>;
  onEvent(event: WorkerEvent): void;
}

/**
 * Tells what a worker does, and keeps it alive, until the signal aborts.
 *
 * @throws AppError `worker-failed` when it cannot be kept alive; the host's own errors pass through.
 */
export async function followWorker(worker: RunWorker, following: Following): Promise<void> {
  const { clock, signal } = following;
  let restarts = 0;
  while (!signal.aborted) {
    if (await listen(worker, following)) restarts = 0;
    await clock.sleep(reconnectPauseMs, signal).catch(() => undefined);
    if (signal.aborted || !following.mayRestart()) return;
    const restarted = await worker.ensureRunning().catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (restarted === null) return;
    const { isStarted } = restarted;
    if (isStarted && ++restarts > maxFruitlessRestarts) throw keepsDying(worker);
  }
}

/** Listens until the stream ends; true when something was finished meanwhile. */
async function listen(worker: RunWorker, { signal, onConnected, onEvent }: Following): Promise<boolean> {
  const failing = new AbortController();
  // Beside the stream, which would be taken for silent while nobody reads it.
  let catchingUp: Promise<void> | null = null;
  let isFruitful = false;
  try {
    for await (const event of worker.api.events(AbortSignal.any([signal, failing.signal]))) {
      catchingUp ??= onConnected().catch((error: unknown) => failing.abort(error));
      isFruitful ||= event.type === 'task-finished';
      onEvent(event);
    }
  } catch (error) {
    // The worker has refused what it was given. All else is a broken connection: whether the worker lives is found out.
    if (error instanceof AppError) throw error;
  }
  await catchingUp;
  if (failing.signal.reason instanceof AppError) throw failing.signal.reason;
  return isFruitful;
}

function keepsDying({ workerId, logPlace }: RunWorker): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `Worker ${workerId} ended ${maxFruitlessRestarts} times in a row without finishing anything.`,
    nextStep: `Its log is ${logPlace}; then resume the run.`,
    isRetryable: true,
  });
}
