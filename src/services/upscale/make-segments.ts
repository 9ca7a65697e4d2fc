import type { Timeline } from '../../core/frames/timeline.ts';
import { AppError } from '../../errors/app-error.ts';
import { SegmentsOnHost } from './segments-on-host.ts';
import type { UpscaleExecution } from './upscale-execution.ts';
import { UpscaleLedger } from './upscale-ledger.ts';

/** How long segments in flight may take to finish when a run is stopped, in milliseconds: none is given up lightly. */
const drainMs = 5_000;

/**
 * Has every segment upscaled that has no outcome yet, and brings it home. Returns when all have one, or, detached, when
 * all are handed over.
 *
 * @throws The signal's reason when it aborts; AppErrors of the host or the disk. What was done is recorded by then.
 */
export async function makeSegments(execution: UpscaleExecution, timeline: Timeline): Promise<void> {
  const { session, state, observer, isDetached } = execution;
  if (state.pendingCount === 0) return;
  // Aborts when any part of the run fails, so that the others end too.
  const stop = new AbortController();
  const signal = AbortSignal.any([execution.signal, stop.signal]);
  const parts = { ...execution, signal, timeline, onError: (error: unknown) => stop.abort(error) };
  const ledger = new UpscaleLedger(parts);
  const host = new SegmentsOnHost({ ...parts, ledger });
  const aborted = rejectionOf(signal);
  try {
    await Promise.race([host.begin(), aborted]);
    if (!isDetached) await Promise.race([ledger.allSettled, aborted]);
    await host.settled();
    signal.throwIfAborted();
    await letGo(host, isDetached ? null : 0, execution, () => stop.abort());
  } catch (error) {
    stop.abort(error);
    // A host that is away cannot be told to stop: its work goes on, and resuming finds it.
    const isLost = host.isAway || isAway(stop.signal.reason);
    const isTold = await host
      .close(isLost ? null : drainMs, () => undefined)
      .then(
        () => !isLost,
        () => false,
      );
    if (!isTold && host.hasSubmitted && execution.signal.aborted) {
      const { host: name } = session.checkpoint.settings;
      observer.onNotice(
        `${name} could not be told to stop: what was handed over goes on there. Stop it with: cosmos cancel ${session.runId}`,
      );
    }
    throw execution.signal.aborted ? execution.signal.reason : stop.signal.reason;
  } finally {
    await session.flush(true);
  }
}

/** Everything is settled by now: a host that is lost while it is let go of takes nothing from the run. */
async function letGo(
  host: SegmentsOnHost,
  drainMs: number | null,
  { observer }: UpscaleExecution,
  stopListening: () => void,
): Promise<void> {
  try {
    await host.close(drainMs, stopListening);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    observer.onNotice(`The frames are done, but the workers could not be told so: ${error.message}`);
  }
}

function isAway(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === 'host-unreachable';
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // It may abort when nobody waits for it any more.
  rejected.catch(() => undefined);
  return rejected;
}
