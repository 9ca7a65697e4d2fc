import type { InferenceState } from '../../core/inference/inference-state.ts';
import {
  type InferenceSummary,
  inferenceSummaryVersion,
  type VideoWarning,
} from '../../core/inference/inference-summary.ts';
import { type FailureFacts, failureFacts, stopFacts } from '../../core/run/failure.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import type { SessionEnd } from '../runs/run-kind.ts';
import { tokenDriftOf } from '../upsample/report-items.ts';
import { answeringModelOf } from '../upsample/summarise-upsample.ts';
import type { StoredInference } from './inference-types.ts';

/** The summary of a run from prompts to videos as it stands; null for `end` outside of a session. */
export function summaryOfInference(
  run: Pick<StoredInference, 'runId' | 'checkpoint' | 'paths'>,
  state: InferenceState,
  end: Pick<SessionEnd, 'status' | 'error'> | null,
): InferenceSummary {
  const { checkpoint, paths } = run;
  const { settings, created_at: createdAt } = checkpoint;
  const { engine } = settings.upsample;
  return {
    version: inferenceSummaryVersion,
    kind: 'inference',
    run_id: run.runId,
    status: end?.status ?? state.standing,
    stages: settings.stages,
    counts: state.counts,
    left_out: checkpoint.left_out ?? null,
    family: settings.family,
    engine: settings.stages.includes('upsample') ? engine.kind : '',
    model: settings.stages.includes('upsample') ? engine.model || answeringModelOf(state.prompts) : '',
    host: settings.host,
    videos_dir: settings.videos_dir,
    output_dir: settings.upsample.output_dir,
    checkpoint: paths.checkpoint,
    report: { json: paths.reportJson, html: paths.reportHtml },
    started_at: createdAt,
    duration_ms: state.workedMs,
    token_drift: settings.stages.includes('upsample') ? tokenDriftOf(state.prompts, settings.upsample) : null,
    videos: [...state.videos.values()].flatMap(({ planned, finished }) =>
      finished ? [{ video: planned.video, spec: planned.spec, path: finished.output }] : [],
    ),
    warnings: warningsOf(state),
    failures: failuresOf(state),
    is_resumable: state.isResumable,
    error: end?.error ? stopFacts(end.error) : (state.lastEnd?.error ?? null),
    ending: runEndingOf(state, { runId: run.runId, host: settings.host, taskNoun: 'videos' }),
  };
}

function warningsOf(state: InferenceState): VideoWarning[] {
  return [...state.videos.values()].flatMap(({ planned, prepared }) =>
    [...planned.warnings, ...(prepared?.warnings ?? [])].map((message) => ({
      video: planned.video,
      message,
    })),
  );
}

/** Prompts that failed, whose videos are not listed besides, then videos that failed though they had one. */
function failuresOf(state: InferenceState): InferenceSummary['failures'] {
  const failures: (FailureFacts & { spec: string })[] = [];
  const withoutPrompt = new Set<string>();
  for (const { planned, failed } of state.prompts.specs.values()) {
    const failure = failed ?? planned.failure;
    if (!failure) continue;
    failures.push({ spec: planned.spec, ...failureFacts(failure) });
    withoutPrompt.add(planned.spec);
  }
  for (const video of state.videos.values()) {
    const failure = video.failed ?? video.planned.failure;
    const isListed = withoutPrompt.has(video.planned.spec) || state.isSkipped(video);
    if (failure && video.finished === null && !isListed)
      failures.push({ spec: video.planned.video, ...failureFacts(failure) });
  }
  return failures;
}
