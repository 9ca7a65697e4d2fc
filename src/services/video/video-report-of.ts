import { encodingDocument } from '../../core/encoding/describe-encoding.ts';
import { cutChapters, filmEndSeconds } from '../../core/frames/cut-chapters.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { shownRegion } from '../../core/regions/region-plan.ts';
import { failureFacts } from '../../core/run/failure.ts';
import { machinesOf } from '../../core/run/machine-timeline.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import { duplicateShares, longestHeld } from '../../core/video/held-frames.ts';
import type { RetouchCheckpoint, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { laneSettingsOf } from '../../core/video/video-checkpoint.ts';
import {
  type SegmentReport,
  type StageReport,
  type VideoReport,
  videoReportVersion,
} from '../../core/video/video-report.ts';
import type { SegmentState, VideoRunState } from '../../core/video/video-run-state.ts';
import { plannedStreams } from './plan-sound.ts';
import { modelNameOf, perSecond, timesOf, verifiedOf } from './summarise-video.ts';
import type { StoredVideoRun } from './video-types.ts';

/** Pictures of which the report says how long they are held. */
const maxHeldFrames = 8;

/** Stretches of the video of which the report says how many frames are duplicates: each has enough frames for a share to mean something. */
const maxStretches = 80;
const minStretchFrames = 24;

interface ReportedVideoRun {
  readonly checkpoint: VideoCheckpoint;
  readonly state: VideoRunState;
  readonly events: StoredVideoRun['events'];
  readonly timeline: Timeline;
  /** What is in the source; null where it cannot be read any more. */
  readonly facts: VideoFacts | null;
  readonly toolVersion: string;
}

export function videoReportOf(known: ReportedVideoRun): VideoReport {
  const { checkpoint, state, events, timeline, facts } = known;
  const { settings, clip, source, counts } = checkpoint;
  const time = timesOf(events, state.segments.size);
  const totalMs = checkpoint.scan_ms + time.segmentsMs + time.finishMs;
  const duplicates = counts.frames - counts.unique_frames;
  const stretches = Math.max(1, Math.min(maxStretches, Math.floor(counts.frames / minStretchFrames)));
  return {
    version: videoReportVersion,
    kind: checkpoint.kind,
    run_id: checkpoint.run_id,
    tool_version: known.toolVersion,
    status: state.standing,
    ending: runEndingOf(state, { runId: checkpoint.run_id, host: settings.host, taskNoun: 'segments' }),
    host: settings.host,
    input: source.path,
    output: settings.output,
    engine: settings.engine.kind,
    model: modelNameOf(checkpoint),
    started_at: checkpoint.created_at,
    finished_at: time.finishedAt,
    counts: state.counts,
    finished_frames: state.finishedFrames,
    time_ms: {
      total: totalMs,
      scan: checkpoint.scan_ms,
      segments: time.segmentsMs,
      finish: time.finishMs,
    },
    frames_per_second: perSecond(state.finishedFrames, totalMs),
    stages: stagesOf(checkpoint, state, time.finishMs),
    machines: machinesOf(events),
    source: {
      ...(facts ? { ...facts.video.size, pixel_format: facts.video.pixelFormat } : clip.frame),
      size_bytes: source.size_bytes,
      frame_rate: fractionValue(clip.frame_rate),
    },
    target: clip.target,
    settings: settingsOf(checkpoint),
    duplicates: {
      percent: Math.round((1_000 * duplicates) / counts.frames) / 10,
      longest: longestHeld(timeline, clip.time_base, maxHeldFrames),
      shares: duplicates === 0 ? [] : duplicateShares(timeline, stretches),
    },
    streams: facts && streamsOf(checkpoint, facts),
    ...(checkpoint.kind === 'retouch' && facts && { regions: regionsOf(checkpoint, facts, timeline) }),
    chapters: facts && cutChapters(facts.chapters, filmEndSeconds(facts, timeline)).length,
    video: verifiedOf(state),
    notices: [...checkpoint.notices, ...(state.video?.notices ?? [])],
    is_resumable: state.isResumable,
    segments: [...state.segments.values()].map(segmentOf),
  };
}

function settingsOf({ settings, clip }: VideoCheckpoint): VideoReport['settings'] {
  const { engine } = settings;
  const { scale, tile, lanes, is_lane_count_open: isOpen } = laneSettingsOf(engine, clip);
  return {
    scale,
    dedupe: settings.dedupe,
    batch_size: engine.batch_size,
    workers: lanes,
    is_worker_count_open: isOpen,
    tile,
    ...encodingDocument(engine.encoding),
    slots: settings.slots,
    keep_going: settings.keep_going,
    ...(clip.filters && { filters: clip.filters }),
  };
}

/** Regions that the report lists. */
const maxRegions = 2_000;

function regionsOf(
  { regions: planned, clip }: RetouchCheckpoint,
  { video }: VideoFacts,
  timeline: Timeline,
): NonNullable<VideoReport['regions']> {
  const geometry = { video, isTurned: clip.is_turned, frame: clip.frame };
  const times = { ...timeline, timeBase: clip.time_base };
  const regions = planned.map(({ first_frame: firstFrame, frames, box }) => ({ firstFrame, frames, box }));
  return {
    total: regions.length,
    frames: coveredFrames(regions),
    listed: regions.slice(0, maxRegions).map((region) => {
      const shown = shownRegion(region, geometry, times);
      return {
        ...{ first_frame: shown.firstFrame, last_frame: shown.lastFrame },
        ...{ seconds: [...shown.seconds], box: { ...shown.box } },
      };
    }),
  };
}

/** Frames that lie in at least one of these spans. */
function coveredFrames(spans: readonly { readonly firstFrame: number; readonly frames: number }[]): number {
  let [covered, end] = [0, 0];
  for (const { firstFrame, frames } of [...spans].sort((one, other) => one.firstFrame - other.firstFrame)) {
    covered += Math.max(0, firstFrame + frames - Math.max(end, firstFrame));
    end = Math.max(end, firstFrame + frames);
  }
  return covered;
}

function streamsOf(checkpoint: VideoCheckpoint, facts: VideoFacts): VideoReport['streams'] {
  return plannedStreams(checkpoint, facts).map(({ index, type, action, why }) => {
    const stream = facts.others.find((other) => other.index === index);
    return { index, type, codec: stream?.codec ?? '', language: stream?.language ?? null, action, why };
  });
}

function segmentOf({ planned, finished, failed }: SegmentState): SegmentReport {
  return {
    segment_id: planned.segment_id,
    status: finished ? 'finished' : failed ? 'failed' : 'pending',
    first_frame: planned.first_frame + 1,
    last_frame: planned.first_frame + planned.frames,
    unique_frames: planned.unique_frames,
    attempts: finished?.attempts ?? failed?.attempts ?? 0,
    duration_ms: finished?.duration_ms ?? null,
    frames_per_second: finished && perSecond(finished.frames, finished.duration_ms),
    stages_ms: finished?.stages_ms ?? null,
    size_bytes: finished?.size_bytes ?? null,
    batch_size: finished?.batch_size ?? null,
    tile: finished?.tile ?? null,
    lanes: finished?.lanes ?? null,
    failure: failed && failureFacts(failed),
  };
}

/** Each stage with the frames that went through it while it was timed. */
function stagesOf(checkpoint: VideoCheckpoint, state: VideoRunState, finishMs: number): StageReport[] {
  const sums = { decode: 0, upscale: 0, encode: 0, frames: 0, unique: 0 };
  for (const { finished } of state.segments.values()) {
    if (!finished) continue;
    sums.decode += finished.stages_ms.decode;
    sums.upscale += finished.stages_ms.upscale;
    sums.encode += finished.stages_ms.encode;
    sums.frames += finished.frames;
    sums.unique += finished.unique_frames;
  }
  return [
    stageOf('scan', checkpoint.scan_ms, checkpoint.counts.frames),
    stageOf('decode', sums.decode, sums.unique),
    stageOf('upscale', sums.upscale, sums.unique),
    stageOf('encode', sums.encode, sums.frames),
    stageOf('finish', finishMs, state.video?.frames ?? 0),
  ];
}

function stageOf(stage: StageReport['stage'], busyMs: number, frames: number): StageReport {
  return { stage, busy_ms: busyMs, frames, frames_per_second: perSecond(frames, busyMs) };
}
