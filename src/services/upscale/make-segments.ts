import type { Timeline } from '../../core/frames/timeline.ts';
import { goesOnText, isAway, letGo, rejectionOf } from '../runs/host-endings.ts';
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
    const tell = (reason: string) =>
      observer.onNotice(`The frames are done, but the workers could not be told so: ${reason}`);
    await letGo(host, isDetached ? null : 0, () => stop.abort(), tell);
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
      observer.onNotice(goesOnText(session.checkpoint.settings.host, session.runId));
    }
    throw execution.signal.aborted ? execution.signal.reason : stop.signal.reason;
  } finally {
    await session.flush(true);
  }
}
