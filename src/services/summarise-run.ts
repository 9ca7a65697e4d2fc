import { type RunSummary, runSummaryVersion } from '../core/report/run-summary.ts';
import type { RunStatus } from '../core/run/run-event.ts';
import type { RunState } from '../core/run/run-state.ts';
import type { StoredRun } from '../ports/run-store.ts';
import { tokenDriftOf } from './report-items.ts';

/** The summary of a run as it stands. */
export function summaryOf(
  session: Pick<StoredRun, 'runId' | 'checkpoint' | 'paths'>,
  state: RunState,
  status: RunStatus,
  durationMs: number,
): RunSummary {
  const failures = [...state.specs.values()].flatMap(({ failed }) =>
    failed ? [{ spec: failed.spec, code: failed.code, message: failed.message, hint: failed.hint }] : [],
  );
  return {
    version: runSummaryVersion,
    run_id: session.runId,
    status,
    counts: state.counts,
    batches: session.checkpoint.batches.length,
    output_dir: session.checkpoint.settings.output_dir,
    checkpoint: session.paths.checkpoint,
    report: { json: session.paths.reportJson, html: session.paths.reportHtml },
    duration_ms: Math.max(0, Math.round(durationMs)),
    token_drift: tokenDriftOf(state, session.checkpoint.settings),
    failures,
    is_resumable: isResumable(state),
  };
}

/** How far the token estimate was off, as a sentence with both numbers. */
export function driftNotice(drift: NonNullable<RunSummary['token_drift']>): string {
  if (drift.is_vision_missing) {
    return (
      `The server counted ${drift.actual} prompt tokens, no more than the text alone has: it probably did not see ` +
      'the frames. Check that the model takes images before you trust these prompts.'
    );
  }
  return (
    `The ${drift.estimator} estimate was ${drift.predicted} prompt tokens, the server counted ${drift.actual} ` +
    `(${drift.drift_percent > 0 ? '+' : ''}${drift.drift_percent} %). An exact --estimator for the model, or another ` +
    'max_tokens, uses its context better.'
  );
}

/** What failed while the plan was made would fail again: its file has to change, and that is a new run. */
function isResumable(state: RunState): boolean {
  if (state.pendingCount > 0) return true;
  return [...state.specs.values()].some(
    ({ planned, failed }) => failed !== null && planned.action !== 'fail',
  );
}
