import type { Segment } from '../../src/core/frames/plan-segments.ts';
import type { Timeline } from '../../src/core/frames/timeline.ts';
import { type UpscaleSettings, upscaleSettingsSchema } from '../../src/core/upscale/upscale-settings.ts';
import type { UpscaleCheckpoint } from '../../src/core/video/video-checkpoint.ts';
import type { VideoEventOf } from '../../src/core/video/video-event.ts';
import type { VideoPlan } from '../../src/core/video/video-plan.ts';
import { encodeTimeline } from '../../src/services/video/timeline-of.ts';

/** What differs from a plan of 300 unique frames for 6 workers, in segments of 80 frames. */
export interface SamplePlanOptions {
  /** For each unique frame, how many frames show it. */
  readonly repeats?: readonly number[];
  readonly uniquePerSegment?: number;
  readonly engine?: Partial<UpscaleSettings['engine']>;
  readonly settings?: Partial<UpscaleSettings>;
  readonly plan?: Partial<VideoPlan>;
}

/** The plan of an even video of 24 frames per second. */
export function sampleUpscalePlan(options: SamplePlanOptions = {}): VideoPlan {
  const repeats = options.repeats ?? new Array<number>(300).fill(1);
  const format = { width: 640, height: 360, pixel_format: 'yuv420p' };
  return {
    kind: 'upscale',
    regions: null,
    masks: null,
    source: { path: '/videos/in.mkv', sha256: 'ab'.repeat(32), size_bytes: 12_400_000, modified_ms: 0 },
    retimed: null,
    model: null,
    facts: {
      container: 'matroska,webm',
      sizeBytes: 12_400_000,
      startSeconds: 0,
      durationSeconds: 12.5,
      video: {
        index: 0,
        codec: 'h264',
        size: { width: 640, height: 360 },
        sampleAspect: { numerator: 1, denominator: 1 },
        rotationDegrees: 0,
        pixelFormat: 'yuv420p',
        timeBase: { numerator: 1, denominator: 24 },
        endTime: null,
        frameRate: { numerator: 24, denominator: 1 },
        color: { range: null, space: null, primaries: null, transfer: null, chromaLocation: null },
        extras: [],
      },
      others: [
        {
          ...{ index: 1, type: 'audio', codec: 'aac', language: 'eng', isAttachedPicture: false },
          sound: { channels: 2, layout: 'stereo', sampleRate: 48_000, sampleFormat: 'fltp', bits: 32 },
        },
        {
          ...{ index: 2, type: 'subtitle', codec: 'hdmv_pgs_subtitle', language: null },
          ...{ isAttachedPicture: false, sound: null },
        },
      ],
      chapters: [0, 4, 8].map((start) => ({ startSeconds: start, endSeconds: start + 4 })),
      othersEndSeconds: 12.5,
    },
    settings: settingsOf(options),
    clip: {
      stream: 0,
      is_turned: false,
      frame: format,
      target: { ...format, width: 1280, height: 720 },
      frame_rate: { numerator: 24, denominator: 1 },
      time_base: { numerator: 1, denominator: 24 },
      sample_aspect: { numerator: 1, denominator: 1 },
      color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
    },
    timeline: timelineOf(repeats),
    segments: segmentsOf(repeats, options.uniquePerSegment ?? 80),
    streams: [
      { index: 1, type: 'audio', action: 'copy', codec: null, why: null, sound: null },
      {
        ...{ index: 2, type: 'subtitle', action: 'drop', codec: null, sound: null },
        why: 'the subtitle stream 2 is left out',
      },
    ],
    notices: [],
    scanMs: 700,
    freeBytes: 50 * 1024 ** 3,
    ...options.plan,
  };
}

/** The checkpoint of such a plan. */
export function sampleUpscaleCheckpoint(plan: VideoPlan): UpscaleCheckpoint {
  const { source, retimed, model, clip, timeline, segments } = plan;
  return {
    version: 1,
    kind: 'upscale',
    run_id: '20260301-101500-7f3a9c',
    tool_version: '0.1.0',
    created_at: '2026-03-01T10:15:00.000Z',
    source,
    retimed,
    model,
    settings: upscaleSettingsSchema.parse(plan.settings),
    clip,
    timeline: encodeTimeline(timeline),
    counts: {
      frames: timeline.times.length,
      unique_frames: timeline.uniqueFrames.length,
      batches: Math.ceil(timeline.uniqueFrames.length / plan.settings.engine.batch_size),
    },
    segments: segments.map((segment) => ({
      segment_id: segment.segmentId,
      task_key: String(segment.segmentId).padStart(64, '0'),
      first_frame: segment.firstFrame,
      frames: segment.frames,
      first_unique: segment.firstUnique,
      unique_frames: segment.uniqueFrames,
      first_batch: segment.firstBatch,
      seek_time: segment.seekTime,
    })),
    notices: [...plan.notices],
    scan_ms: plan.scanMs,
  };
}

/** A segment of the checkpoint, finished. */
export function finishedSegment(
  { segments }: Pick<UpscaleCheckpoint, 'segments'>,
  id: number,
): VideoEventOf<'segment-finished'> {
  const segment = segments[id];
  if (!segment) throw new RangeError(`there is no segment ${id}`);
  return {
    type: 'segment-finished',
    segment_id: id,
    task_key: segment.task_key,
    frames: segment.frames,
    unique_frames: segment.unique_frames,
    sha256: 'cd'.repeat(32),
    size_bytes: 1_000_000,
    attempts: 1,
    duration_ms: 2_000,
    stages_ms: { decode: 500, upscale: 1_000, encode: 1_900 },
    batch_size: 8,
    tile: 0,
    lanes: 2,
  };
}

function settingsOf({ engine, settings }: SamplePlanOptions): UpscaleSettings {
  return {
    output: '/videos/out.mp4',
    host: 'local',
    slots: 1,
    dedupe: 'safe',
    keep_going: false,
    force: false,
    engine: {
      kind: 'lanczos',
      scale: 2,
      batch_size: 8,
      lanes: 6,
      is_lane_count_open: false,
      tile: 0,
      model: null,
      encoding: { crf: 18, preset: 'medium', threads: 4 },
      ...engine,
    },
    ...settings,
  };
}

function timelineOf(repeats: readonly number[]): Timeline {
  const frames = repeats.reduce((sum, each) => sum + each, 0);
  let frame = 0;
  const uniqueFrames = Int32Array.from(repeats, (each) => {
    const first = frame;
    frame += each;
    return first;
  });
  return { times: Float64Array.from({ length: frames }, (_, at) => at), endTime: frames, uniqueFrames };
}

function segmentsOf(repeats: readonly number[], size: number): Segment[] {
  const sum = (from: number, to: number) => repeats.slice(from, to).reduce((all, each) => all + each, 0);
  return Array.from({ length: Math.ceil(repeats.length / size) }, (_, id) => ({
    segmentId: id,
    firstFrame: sum(0, id * size),
    frames: sum(id * size, (id + 1) * size),
    firstUnique: id * size,
    uniqueFrames: Math.min(size, repeats.length - id * size),
    firstBatch: (id * size) / 8,
    seekTime: null,
    context: { before: 0, after: 0 },
  }));
}
