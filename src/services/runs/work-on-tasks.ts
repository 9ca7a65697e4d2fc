import { onAbort, unlessAborted } from '../../async/abort.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { RunEventRecorder } from './event-recorder.ts';
import { drainMs, HostSession } from './host-session.ts';
import type { ActiveRun, RunKind, RunTypes } from './run-kind.ts';
import { submitAgain, submitTasks } from './submit-tasks.ts';
import { TaskResults } from './task-results.ts';

/**
 * Does what remains of a run's tasks: prepares them, submits their batches, collects results as they come. Returns when
 * every task has an outcome or, detached, when all are submitted.
 *
 * @throws The signal's reason when it aborts; AppErrors of the host, the disk or the engine. All that was done is recorded
 * by then, and calling this again on the reopened run continues from there.
 */
export async function workOnTasks<K extends RunTypes>(kind: RunKind<K>, whole: ActiveRun<K>): Promise<void> {
  const { session, state, observer } = whole;
  // Aborts when any part of the run fails, so that the others end too.
  const stop = new AbortController();
  const onError = (error: unknown) => stop.abort(error);
  const { leave } = whole;
  let isSubmitting = false;
  const stopListening = onAbort(leave ? [leave] : [], (reason) => {
    if (!isSubmitting) stop.abort(reason);
  });
  const run = { ...whole, signal: AbortSignal.any([whole.signal, stop.signal]) };
  const work = kind.startWork(run);
  const isDetached = whole.isDetached && !work.isAwaited;
  const recorder = new RunEventRecorder(run);
  const repeat = (task: K['task']) => submitAgain(task, { work, results, host });
  const results: TaskResults<K> = new TaskResults({ run, work, recorder, onError, repeat });
  const host: HostSession<K> = new HostSession({ kind, run, work, recorder, results, onError });
  try {
    for (const outcome of work.plannedOutcomes?.() ?? []) recorder.emit(outcome);
    if (state.pendingCount > 0) {
      // Only what an earlier session submitted can be on the host already.
      if (session.events.length > 0) await unlessAborted(host.open(), run.signal);
      isSubmitting = true;
      await submitTasks({ run, work, recorder, results, host, onError });
      await host.endSubmitting(isDetached || (leave?.aborted ?? false));
      isSubmitting = false;
      leave?.throwIfAborted();
    }
    if (!isDetached) await unlessAborted(recorder.allSettled, run.signal);
    await results.allSettled();
    run.signal.throwIfAborted();
    await closeWhenDone(host, isDetached ? null : 0, stop, observer);
  } catch (error) {
    stop.abort(error);
    await results.allSettled();
    const isLeft = leave?.aborted ?? false;
    // An unreachable host cannot be told to stop: its work keeps running, and resuming finds it.
    const isLost = host.isUnreachable || isUnreachable(stop.signal.reason);
    const isStopped = await host
      .close(isLost || isLeft ? null : drainMs, () => undefined)
      .then(
        () => !isLost,
        () => false,
      );
    if (!isStopped && !isLeft && host.hasSubmitted && whole.signal.aborted) {
      const { host: name } = kind.facts(session.checkpoint);
      observer.onNotice(
        `${name} could not be told to stop: what was submitted keeps running there. Stop it with: cosmos cancel ${session.runId}`,
      );
    }
    await results.allSettled();
    throw whole.signal.aborted ? whole.signal.reason : stop.signal.reason;
  } finally {
    stopListening();
    await session.flush(true);
  }
}

/** A host that is lost when everything is done takes nothing from the run. */
async function closeWhenDone<K extends RunTypes>(
  host: HostSession<K>,
  drainMs: number | null,
  stop: AbortController,
  observer: K['observer'],
): Promise<void> {
  try {
    await host.close(drainMs, () => stop.abort());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    observer.onNotice(`The work is done, but the workers could not be notified: ${messageOf(error)}`);
  }
}

function isUnreachable(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === 'host-unreachable';
}
