import { failureFacts, stopFacts } from '../../core/run/failure.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import { folderOfVideo } from '../../core/video-set/set-checkpoint.ts';
import { outcomeOfVideo, type VideoOfSet, type VideoSetState } from '../../core/video-set/set-state.ts';
import {
  type VideoSetRow,
  type VideoSetSummary,
  videoSetSummaryVersion,
} from '../../core/video-set/set-summary.ts';
import type { SessionEnd } from '../runs/run-kind.ts';
import { modelNameOf, perSecond } from '../video/summarise-video.ts';
import type { StoredVideoSet } from './set-types.ts';

/** The summary of a run over several videos as it stands; null for `end` sums up all its sessions. */
export function summaryOfVideoSet(
  { runId, checkpoint, paths }: Pick<StoredVideoSet, 'runId' | 'checkpoint' | 'paths'>,
  state: VideoSetState,
  end: SessionEnd | null,
): VideoSetSummary {
  const { settings } = checkpoint;
  const durationMs = checkpoint.scan_ms + state.workedMs;
  // A session that did no frame has no speed to tell of.
  const isIdle = end !== null && state.finishedFrames + state.counts.skipped <= end.doneBefore;
  const error = end?.error ?? null;
  const errorCode = error?.code ?? state.lastEnd?.error?.code;
  return {
    version: videoSetSummaryVersion,
    kind: 'upscale-set',
    run_id: runId,
    status: end?.status ?? state.standing,
    inputs: checkpoint.inputs,
    output: settings.output,
    counts: state.counts,
    engine: settings.engine.kind,
    model: modelNameOf(checkpoint),
    scale: settings.engine.scale,
    size: settings.engine.size ?? '',
    host: settings.host,
    workers: settings.engine.lanes,
    checkpoint: paths.checkpoint,
    report: { json: paths.reportJson, html: paths.reportHtml },
    started_at: checkpoint.created_at,
    duration_ms: Math.max(0, Math.round(durationMs)),
    frames_per_second: isIdle ? null : perSecond(state.finishedFrames, durationMs),
    videos: state.videos.map((video) => rowOf(video, paths)),
    ignored: checkpoint.ignored,
    notices: checkpoint.notices,
    failures: state.videos.flatMap(({ failed, planned }) =>
      failed ? [{ input: planned.input, ...failureFacts(failed) }] : [],
    ),
    is_resumable: state.isResumable && errorCode !== 'model-unreadable',
    error: error ? stopFacts(error) : (state.lastEnd?.error ?? null),
    ending: runEndingOf(state, { runId, host: settings.host, taskNoun: 'videos' }),
  };
}

function rowOf(video: VideoOfSet, paths: StoredVideoSet['paths']): VideoSetRow {
  const { planned, plan, finished, failed } = video;
  const outcome = outcomeOfVideo(video);
  const hasReport = finished !== null && finished.frames > 1;
  return {
    input: planned.input,
    output: planned.output,
    status: outcome === 'deferred' ? 'open' : outcome,
    frames: plan?.frames ?? null,
    unique_frames: plan?.unique_frames ?? null,
    size: plan ? { width: plan.width, height: plan.height } : planned.target,
    size_bytes: finished?.size_bytes ?? null,
    duration_seconds: finished?.duration_seconds ?? null,
    notices: [...(plan?.notices ?? []), ...(finished?.notices ?? [])],
    failure: failed && failureFacts(failed),
    report: hasReport ? paths.inside(`${folderOfVideo(video.video)}/report.html`) : null,
  };
}
