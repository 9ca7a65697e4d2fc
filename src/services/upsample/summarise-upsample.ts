import type { RunStatus } from '../../core/upsample/upsample-event.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { type UpsampleSummary, upsampleSummaryVersion } from '../../core/upsample/upsample-summary.ts';
import type { StoredRun } from '../../ports/run-store.ts';
import { tokenDriftOf } from './report-items.ts';

/** The summary of a run as it stands. */
export function summaryOfUpsample(
  session: Pick<StoredRun, 'runId' | 'checkpoint' | 'paths'>,
  state: UpsampleState,
  status: RunStatus,
  durationMs: number,
): UpsampleSummary {
  const failures = [...state.specs.values()].flatMap(({ failed }) =>
    failed
      ? [{ spec: failed.spec, code: failed.code, message: failed.message, next_step: failed.next_step }]
      : [],
  );
  return {
    version: upsampleSummaryVersion,
    run_id: session.runId,
    status,
    counts: state.counts,
    engine: session.checkpoint.settings.engine.kind,
    model: session.checkpoint.settings.engine.model || answeringModelOf(state),
    host: session.checkpoint.settings.host,
    batches: session.checkpoint.batches.length,
    output_dir: session.checkpoint.settings.output_dir,
    checkpoint: session.paths.checkpoint,
    report: { json: session.paths.reportJson, html: session.paths.reportHtml },
    duration_ms: Math.max(0, Math.round(durationMs)),
    token_drift: tokenDriftOf(state, session.checkpoint.settings),
    failures,
    is_resumable: state.isResumable,
    error: null,
  };
}

/** How far the token estimate was off, as a sentence with both numbers. */
export function driftNotice(drift: NonNullable<UpsampleSummary['token_drift']>): string {
  if (drift.is_vision_missing) {
    return (
      `The server counted ${drift.actual} prompt tokens, no more than the text alone has: it probably did not see ` +
      'the frames. Check that the model takes images before you trust these prompts.'
    );
  }
  if (drift.estimator === 'linear' && drift.drift_percent > 0) {
    return (
      `The linear estimate is high on purpose: ${drift.predicted} prompt tokens predicted, ${drift.actual} counted. If ` +
      'your model is one of them, --estimator pixtral or qwen2.5-vl is exact and allows larger hints.'
    );
  }
  return (
    `The ${drift.estimator} estimate was ${drift.predicted} prompt tokens, the server counted ${drift.actual} ` +
    `(${drift.drift_percent > 0 ? '+' : ''}${drift.drift_percent} %). An exact --estimator for the model, or another ` +
    'max_tokens, uses its context better.'
  );
}

/** The model that answered, where none was named. */
export function answeringModelOf(state: UpsampleState): string {
  for (const { finished } of state.specs.values()) if (finished) return finished.model;
  return '';
}
