import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import type { RunWorker } from './run-workers.ts';

/** How often in a row a worker is started again without having finished anything in between. */
const maxFruitlessRestarts = 5;

/** Pause before a broken event stream is opened again, in milliseconds. */
const reconnectPauseMs = 100;

interface FollowDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether a worker that ended is to be started again. */
  mayRestart(): boolean;
  /** The event stream has opened, for the first time or again: events may have been missed. */
  onConnected(): Promise<void>;
  /** Resolves when the next event may come. */
  onEvent(event: WorkerEvent): Promise<void>;
}

/**
 * Passes on a worker's events, and keeps the worker running, until the signal aborts.
 *
 * @throws AppError `worker-failed` when it cannot be kept running; the host's own errors pass through.
 */
export async function followWorker(worker: RunWorker, deps: FollowDeps): Promise<void> {
  const { clock, signal } = deps;
  let restarts = 0;
  while (!signal.aborted) {
    if (await listen(worker, deps)) restarts = 0;
    await clock.sleep(reconnectPauseMs, signal).catch(() => undefined);
    if (signal.aborted || !deps.mayRestart()) return;
    const restarted = await worker.ensureRunning().catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (restarted === null) return;
    if (restarted.isStarted && ++restarts > maxFruitlessRestarts) throw keepsEnding(worker);
  }
}

/** Listens until the stream ends; true when a task was finished meanwhile. */
async function listen(worker: RunWorker, { signal, onConnected, onEvent }: FollowDeps): Promise<boolean> {
  const failed = new AbortController();
  // Runs beside the stream: a stream that is not read for long counts as silent.
  let catchingUp: Promise<void> | null = null;
  let isFruitful = false;
  try {
    for await (const event of worker.api.events(AbortSignal.any([signal, failed.signal]))) {
      catchingUp ??= onConnected().catch((error: unknown) => failed.abort(error));
      isFruitful ||= event.type === 'task-finished';
      await onEvent(event);
    }
  } catch (error) {
    // An AppError says that the worker can do nothing more. All else is a broken connection; the caller finds out whether the worker runs.
    if (error instanceof AppError) throw error;
  }
  await catchingUp;
  if (failed.signal.reason instanceof AppError) throw failed.signal.reason;
  return isFruitful;
}

function keepsEnding({ workerId, logPlace }: RunWorker): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `Worker ${workerId} ended ${maxFruitlessRestarts} times in a row without finishing anything.`,
    nextStep: `Look at its log, ${logPlace}; then resume the run.`,
    isRetryable: true,
  });
}
