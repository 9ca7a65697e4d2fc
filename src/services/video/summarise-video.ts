import { ticksToSeconds } from '../../core/frames/fraction.ts';
import { shownModelName } from '../../core/models/built-in-models.ts';
import { failureFacts, stopFacts } from '../../core/run/failure.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import type { RunState } from '../../core/run/run-state.ts';
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
  const { checkpoint } = run;
  const { settings, clip, source } = checkpoint;
  const shown = { frames: checkpoint.counts.frames, seconds: secondsOf(checkpoint) };
  const work = { taskNoun: 'segments', workDone: state.finishedFrames, shown } as const;
  const { beginning, speed, ending } = workSummaryOf(run, state, end, work);
  return {
    ...{ version: videoSummaryVersion, kind: checkpoint.kind, ...beginning },
    ...{ input: source.path, output: settings.output, counts: state.counts },
    size: { width: clip.target.width, height: clip.target.height },
    scale: laneSettingsOf(settings.engine, clip).scale,
    ...speed,
    video: verifiedOf(state),
    notices: [...checkpoint.notices, ...(state.video?.notices ?? [])],
    failures: failuresOf(state),
    ...ending,
  };
}

/** A run that makes a video of a video, one or several. */
interface SummarisedRun {
  readonly runId: string;
  readonly paths: StoredVideoRun['paths'];
  readonly checkpoint: Pick<VideoCheckpoint, 'settings' | 'model' | 'scan_ms' | 'created_at'>;
}

interface SummarisedWork {
  readonly taskNoun: string;
  /** As the kind of run counts it. */
  readonly workDone: number;
  /** Frames, and for how many seconds they are shown; null where that is not known. */
  readonly shown: { readonly frames: number; readonly seconds: number } | null;
}

/** What the summaries of all such runs have, as they are told: from the beginning, then of the work, then how it ended. */
export function workSummaryOf(
  { runId, checkpoint, paths }: SummarisedRun,
  state: RunState<never> & { readonly finishedFrames: number },
  end: SessionEnd | null,
  { taskNoun, workDone, shown }: SummarisedWork,
) {
  const { host, engine } = checkpoint.settings;
  const durationMs = checkpoint.scan_ms + state.workedMs;
  // A session that did no frame has no speed to tell of.
  const isIdle = end !== null && workDone <= end.doneBefore;
  const rate = isIdle ? null : perSecond(state.finishedFrames, durationMs);
  const isShown = rate !== null && shown !== null && shown.frames > 0;
  const error = end?.error ?? null;
  const errorCode = error?.code ?? state.lastEnd?.error?.code;
  return {
    beginning: {
      ...{ run_id: runId, status: end?.status ?? state.standing },
      ...{ engine: engine.kind, model: modelNameOf(checkpoint), host, workers: engine.lanes },
      checkpoint: paths.checkpoint,
      report: { json: paths.reportJson, html: paths.reportHtml },
      started_at: checkpoint.created_at,
    },
    speed: {
      duration_ms: Math.max(0, Math.round(durationMs)),
      frames_per_second: rate,
      realtime_factor: isShown ? Math.round((100 * rate * shown.seconds) / shown.frames) / 100 : null,
    },
    ending: {
      // The same model would be refused again.
      is_resumable: state.isResumable && errorCode !== 'model-unreadable',
      error: error ? stopFacts(error) : (state.lastEnd?.error ?? null),
      ending: runEndingOf(state, { runId, host, taskNoun }),
    },
  };
}

/** How long a video is. */
export function secondsOf({
  timeline: { steps, last_duration: last },
  clip,
}: Pick<VideoCheckpoint, 'timeline' | 'clip'>): number {
  const ticks = steps.reduce((sum, [step, count]) => sum + step * count, last);
  return ticksToSeconds(ticks, clip.time_base);
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
