import { failureFacts, stopFacts } from '../../core/run/failure.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import { estimatorNames } from '../../core/tokens/estimator.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { type UpsampleSummary, upsampleSummaryVersion } from '../../core/upsample/upsample-summary.ts';
import type { SessionEnd } from '../runs/run-kind.ts';
import { tokenDriftOf } from './report-items.ts';
import type { StoredUpsample } from './upsample-types.ts';

/** The summary of a run as it stands; null for `end` outside of a session. */
export function summaryOfUpsample(
  run: Pick<StoredUpsample, 'runId' | 'checkpoint' | 'paths'>,
  state: UpsampleState,
  end: Pick<SessionEnd, 'status' | 'error'> | null,
): UpsampleSummary {
  const { settings, batches, created_at: createdAt } = run.checkpoint;
  const failures: UpsampleSummary['failures'][number][] = [];
  const reusedFrom = new Set<string>();
  for (const { failed, finished } of state.specs.values()) {
    if (failed) failures.push({ spec: failed.spec, ...failureFacts(failed) });
    if (finished?.reused_from !== undefined) reusedFrom.add(finished.reused_from);
  }
  return {
    version: upsampleSummaryVersion,
    kind: 'upsample',
    run_id: run.runId,
    status: end?.status ?? state.standing,
    counts: state.counts,
    engine: settings.engine.kind,
    model: settings.engine.model || answeringModelOf(state),
    host: settings.host,
    batches: batches.length,
    left_out: run.checkpoint.left_out ?? null,
    output_dir: settings.output_dir,
    checkpoint: run.paths.checkpoint,
    report: { json: run.paths.reportJson, html: run.paths.reportHtml },
    started_at: createdAt,
    duration_ms: state.workedMs,
    token_drift: tokenDriftOf(state, settings),
    ...(reusedFrom.size > 0 && { reused_from: [...reusedFrom].sort() }),
    failures,
    is_resumable: state.isResumable,
    error: end?.error ? stopFacts(end.error) : (state.lastEnd?.error ?? null),
    ending: runEndingOf(state, { runId: run.runId, host: settings.host, taskNoun: 'specs' }),
  };
}

/** `12,345`. */
function numeralOf(count: number): string {
  return count.toLocaleString('en-US');
}

/** What a person should know of a token estimate that was far off. */
export function driftNoticesOf(drift: UpsampleSummary['token_drift']): string[] {
  return drift?.is_notable || drift?.is_vision_missing ? [driftNotice(drift)] : [];
}

/** How far the token estimate was off, as a sentence with both numbers. */
function driftNotice(drift: NonNullable<UpsampleSummary['token_drift']>): string {
  if (drift.is_vision_missing) {
    return (
      `The server counted ${numeralOf(drift.actual)} prompt tokens, no more than the text alone has: it probably did not see ` +
      'the frames. Check that the model takes images before you trust these prompts.'
    );
  }
  const { estimator, predicted, actual, drift_percent: percent } = drift;
  const counts = `${numeralOf(predicted)} prompt tokens predicted, ${numeralOf(actual)} counted`;
  if (percent < 0) {
    return (
      `The ${estimator} estimate is too low (${counts}): prompts that the plan lets through may exceed the context of ` +
      `the model. Lower upsampling.max_tokens to ${Math.floor((predicted / actual) * 100)} % of that context` +
      (estimator === 'linear'
        ? ', or use the --estimator of the model.'
        : `; this server prepares images in its own way${variantAdvice(estimator)}.`)
    );
  }
  if (percent > hopelessDriftPercent) {
    return (
      `No estimator fits this server (${counts}). The estimate is on the safe side; if hints become too small, ` +
      'raise upsampling.max_tokens beyond the context of the model by as much.'
    );
  }
  const advice =
    estimator === 'linear'
      ? 'If your model is a Pixtral or a Qwen2.5-VL, --estimator pixtral or --estimator qwen2.5-vl would allow larger hints.'
      : `This server prepares images in its own way${variantAdvice(estimator)}: no prompt is at risk, and a larger upsampling.max_tokens allows larger hints.`;
  return `The token estimate is on the safe side (${estimator}: ${counts}). ${advice}`;
}

/** A server that was not recognised, behind a gateway or on a host, may still be one that an estimator is for. */
function variantAdvice(estimator: string): string {
  const variant = estimatorNames.find((name) => name.startsWith(`${estimator}@`));
  return variant === undefined ? '' : ` (if it is llama.cpp, --estimator ${variant} counts as it does)`;
}

/** Beyond this, what the server counts has nothing to do with pixels. */
const hopelessDriftPercent = 1000;

/** The model that answered, where none was named. */
export function answeringModelOf(state: UpsampleState): string {
  for (const { finished } of state.specs.values()) if (finished) return finished.model;
  return '';
}
