import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import { goesOnText, isAway, letGo, rejectionOf } from '../runs/host-endings.ts';
import { Answers } from './answers.ts';
import { handOver } from './hand-over.ts';
import { HostLink } from './host-link.ts';
import { RunLedger } from './run-ledger.ts';

/** How long prompts in flight may take to finish when a run is stopped, in milliseconds. */
const drainMs = 5_000;

/** What a run is carried out with. */
export interface Execution {
  readonly session: RunSession;
  readonly state: UpsampleState;
  readonly ports: Ports;
  readonly observer: UpsampleObserver;
  /** Aborts to stop the run: its state is saved, and it can be resumed. */
  readonly signal: AbortSignal;
  /** Return as soon as everything is handed over; the host goes on by itself. */
  readonly isDetached: boolean;
}

/**
 * Carries out what remains of a run: prepares specs, hands their batches over, collects results as they come.
 * Returns when every spec has an outcome.
 *
 * @throws The signal's reason when it aborts; AppErrors of the host, the disk or the engine. All that was done is
 * recorded by then, and calling this again on the reopened run goes on from there.
 */
export async function executeRun(execution: Execution): Promise<void> {
  const { session, state, observer, isDetached } = execution;
  // Aborts when any part of the run fails, so that the others end too.
  const stop = new AbortController();
  const signal = AbortSignal.any([execution.signal, stop.signal]);
  const parts = { ...execution, signal, onError: (error: unknown) => stop.abort(error) };
  const ledger = new RunLedger(parts);
  const answers = new Answers({ ...parts, ledger });
  const host = new HostLink({ ...parts, ledger, answers });
  try {
    ledger.settlePlannedFailures();
    if (state.pendingCount > 0) {
      // Only what an earlier sitting handed over can be on the host already.
      if (session.events.length > 0) await host.open();
      await handOver({ ...parts, ledger, answers, host });
    }
    if (!isDetached) await Promise.race([ledger.allSettled, rejectionOf(signal)]);
    await answers.allWritten();
    signal.throwIfAborted();
    const tell = (reason: string) =>
      observer.onNotice(`The run is done, but its workers could not be told so: ${reason}`);
    await letGo(host, isDetached ? null : 0, () => stop.abort(), tell);
  } catch (error) {
    stop.abort(error);
    await answers.allWritten();
    // A host that is away cannot be told to stop: its work goes on, and resuming finds it.
    const isLost = host.isAway || isAway(stop.signal.reason);
    const isTold = await host
      .close(isLost ? null : drainMs, () => undefined)
      .then(
        () => !isLost,
        () => false,
      );
    if (!isTold && host.hasSubmitted && execution.signal.aborted)
      observer.onNotice(goesOnText(session.checkpoint.settings.host, session.runId));
    await answers.allWritten();
    throw execution.signal.aborted ? execution.signal.reason : stop.signal.reason;
  } finally {
    await session.flush(true);
  }
}
