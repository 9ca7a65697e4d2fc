import type { Timeline } from '../../core/frames/timeline.ts';
import type { RunStatus } from '../../core/upsample/upsample-event.ts';
import type { UpscaleSummary } from '../../core/upscale/upscale-summary.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { SegmentsLostError } from '../../errors/segments-lost.ts';
import { finishVideo } from './finish-video.ts';
import { makeSegments } from './make-segments.ts';
import { SeedStatusFiles } from './seed-files.ts';
import { modelNameOf, summaryOfUpscale } from './summarise-upscale.ts';
import { decodeTimeline } from './timeline-of.ts';
import type { UpscaleExecution } from './upscale-execution.ts';
import { UpscaleLedger } from './upscale-ledger.ts';
import { writeUpscaleReport } from './write-upscale-report.ts';

/** How an upscale run ended. `error` is what stopped it before the video was there; its state is saved then. */
export interface UpscaleOutcome {
  readonly summary: UpscaleSummary;
  readonly error: AppError | null;
}

/** How far a sitting came. */
interface Ending {
  readonly status: RunStatus;
  readonly error: AppError | null;
  /** The user stopped it. */
  readonly interruption: { readonly reason: unknown } | null;
}

/** Executes an open upscale run to its end, writes its report and lets go of it. */
export async function carryOutUpscale(execution: UpscaleExecution): Promise<UpscaleOutcome> {
  const { session, state, ports, observer } = execution;
  const { checkpoint, runId } = session;
  const startedMs = ports.clock.now();
  const framesBefore = state.finishedFrames;
  const isResumed = session.events.length > 0;
  const total = checkpoint.segments.length;
  observer.onBegin({
    runId,
    frames: checkpoint.counts.frames,
    finishedFrames: framesBefore,
    segments: total,
    engine: engineOf(checkpoint),
  });
  const ledger = new UpscaleLedger(execution);
  const statusFiles = new SeedStatusFiles(execution);
  const watched = { ...execution, observer: statusFiles.watching(observer) };
  try {
    ledger.emit({ type: 'run-started', run_id: runId, total, is_resumed: isResumed });
    const { status, error, interruption } = await tryCarryOut(watched);
    await statusFiles.finish();
    ledger.emit({ type: 'run-finished', status, counts: state.counts });
    await session.flush(true);
    const durationMs = ports.clock.now() - startedMs + (isResumed ? 0 : checkpoint.scan_ms);
    await tryWriteReport(execution);
    if (interruption) throw interruption.reason;
    const frames = state.finishedFrames - framesBefore;
    return { summary: summaryOfUpscale(session, state, { status, durationMs, frames, error }), error };
  } finally {
    await session.release();
  }
}

/** `lanczos`, `onnx (model.onnx)`. */
function engineOf(checkpoint: UpscaleExecution['session']['checkpoint']): string {
  const { kind } = checkpoint.settings.engine;
  return checkpoint.model === null ? kind : `${kind} (${modelNameOf(checkpoint)})`;
}

/** Separates what a run may end with: done, stopped by something foreseen, stopped by the user; bugs are thrown. */
async function tryCarryOut(execution: UpscaleExecution): Promise<Ending> {
  const { session, state, isDetached } = execution;
  try {
    const timeline = decodeTimeline(session.checkpoint);
    for (let isAgain = false; ; isAgain = true) {
      await makeSegments(execution, timeline);
      if (isDetached && state.pendingCount > 0)
        return { status: 'detached', error: null, interruption: null };
      if (state.counts.failed_segments > 0) return { status: 'partial', error: null, interruption: null };
      const loss = await tryFinish(execution, timeline);
      if (loss === null) return { status: 'complete', error: null, interruption: null };
      await noteLoss(execution, loss, isAgain);
      // What is lost twice in a row will be lost again.
      if (isAgain) throw loss;
    }
  } catch (error) {
    if (execution.signal.aborted)
      return { status: 'failed', error: null, interruption: { reason: execution.signal.reason } };
    if (!(error instanceof AppError)) throw error;
    const isWorkOnHost = error.code === 'host-unreachable' && state.pendingCount > 0;
    return {
      status: isWorkOnHost ? 'detached' : 'failed',
      error,
      interruption: null,
    };
  }
}

/** @returns what was lost on the way, if that is why there is no video yet; null when it is finished. */
async function tryFinish(execution: UpscaleExecution, timeline: Timeline): Promise<SegmentsLostError | null> {
  try {
    await finishVideo(execution, timeline);
    return null;
  } catch (error) {
    if (error instanceof SegmentsLostError) return error;
    throw error;
  }
}

/** Segments that are lost have to be made again, in this sitting or a later one. */
async function noteLoss(
  execution: UpscaleExecution,
  { message, lost }: SegmentsLostError,
  isLastTry: boolean,
): Promise<void> {
  const { session, observer } = execution;
  const ledger = new UpscaleLedger(execution);
  const segments = lost.flatMap((index) => session.checkpoint.segments[index] ?? []);
  for (const { segment_id: id, task_key: key } of segments)
    ledger.emit({ type: 'segment-lost', segment_id: id, task_key: key, message });
  await session.flush(true);
  if (isLastTry) return;
  const made = segments.length === 1 ? 'one segment' : `${segments.length} segments`;
  const next = segments.length === 0 ? 'The video is put together anew' : `${made} made again`;
  observer.onNotice(`${message} Going on: ${next}.`);
}

/** A report that cannot be written takes nothing from the run; `cosmos report` writes it anew. */
async function tryWriteReport({ session, state, ports, observer }: UpscaleExecution): Promise<void> {
  try {
    await writeUpscaleReport(session, state, ports);
  } catch (error) {
    observer.onNotice(`The report could not be written: ${messageOf(error)}`);
  }
}
