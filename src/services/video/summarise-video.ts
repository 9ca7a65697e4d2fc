import { shownModelName } from '../../core/models/built-in-models.ts';
import { failureFacts, stopFacts } from '../../core/run/failure.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { laneSettingsOf } from '../../core/video/video-checkpoint.ts';
import type { VideoRunState } from '../../core/video/video-run-state.ts';
import { type VideoSummary, videoSummaryVersion } from '../../core/video/video-summary.ts';
import type { SessionEnd } from '../runs/run-kind.ts';
import type { StoredVideoRun } from './video-types.ts';

/** The summary of an upscale run as it stands; null for `end` sums up all its sessions. */
export function summaryOfVideo(
  run: Pick<StoredVideoRun, 'runId' | 'checkpoint' | 'paths'>,
  state: VideoRunState,
  end: SessionEnd | null,
): VideoSummary {
  const { checkpoint, paths } = run;
  const { settings, clip, source } = checkpoint;
  const durationMs = checkpoint.scan_ms + state.workedMs;
  // A session that did no frame has no speed to tell of.
  const isIdle = end !== null && state.finishedFrames <= end.doneBefore;
  const error = end?.error ?? null;
  const errorCode = error?.code ?? state.lastEnd?.error?.code;
  return {
    version: videoSummaryVersion,
    kind: checkpoint.kind,
    run_id: run.runId,
    status: end?.status ?? state.standing,
    input: source.path,
    output: settings.output,
    counts: state.counts,
    size: { width: clip.target.width, height: clip.target.height },
    engine: settings.engine.kind,
    model: modelNameOf(checkpoint),
    scale: laneSettingsOf(settings.engine, clip).scale,
    host: settings.host,
    workers: settings.engine.lanes,
    checkpoint: paths.checkpoint,
    report: { json: paths.reportJson, html: paths.reportHtml },
    started_at: checkpoint.created_at,
    duration_ms: Math.max(0, Math.round(durationMs)),
    frames_per_second: isIdle ? null : perSecond(state.finishedFrames, durationMs),
    video: verifiedOf(state),
    notices: [...checkpoint.notices, ...(state.video?.notices ?? [])],
    failures: failuresOf(state),
    // The same model would be refused again.
    is_resumable: state.isResumable && errorCode !== 'model-unreadable',
    error: error ? stopFacts(error) : (state.lastEnd?.error ?? null),
    ending: runEndingOf(state, { runId: run.runId, host: settings.host, taskNoun: 'segments' }),
  };
}

export function modelNameOf({ model }: Pick<VideoCheckpoint, 'model'>): string {
  return model === null ? '' : shownModelName(model.path);
}

export function verifiedOf({ video }: VideoRunState): VideoSummary['video'] {
  if (video === null) return null;
  return {
    size_bytes: video.size_bytes,
    frames: video.frames,
    duration_seconds: video.duration_seconds,
    max_time_error_ms: video.max_time_error_ms,
    copied_streams: video.copied_streams,
    converted_streams: video.converted_streams,
  };
}

/** Frames per second to two decimals; null where nothing was done. */
export function perSecond(frames: number, durationMs: number): number | null {
  return frames > 0 && durationMs > 0 ? Math.round((100_000 * frames) / durationMs) / 100 : null;
}

function failuresOf(state: VideoRunState): VideoSummary['failures'] {
  return [...state.segments.values()].flatMap(({ failed }) =>
    failed ? [{ segment_id: failed.segment_id, ...failureFacts(failed) }] : [],
  );
}

/**
 * Where the time of a run went, over all its sessions, without the time between them: the times between events.
 * `finishMs` counts from the last segment on; `finishedAt` is ISO 8601, null before the video is finished.
 */
export function timesOf(events: StoredVideoRun['events'], segments: number) {
  const finished = new Set<number>();
  let [segmentsMs, finishMs] = [0, 0];
  let finishedAt: string | null = null;
  let lastMs: number | null = null;
  for (const event of events) {
    const atMs = Date.parse(event.time);
    // A machine's clock may be set back.
    const stepMs = lastMs === null || event.type === 'run-started' ? 0 : Math.max(0, atMs - lastMs);
    if (finished.size === segments) finishMs += stepMs;
    else segmentsMs += stepMs;
    if (event.type === 'segment-finished') finished.add(event.segment_id);
    if (event.type === 'segment-lost') finished.delete(event.segment_id);
    if (event.type === 'video-finished') finishedAt = event.time;
    lastMs = atMs;
  }
  return { segmentsMs, finishMs, finishedAt };
}
