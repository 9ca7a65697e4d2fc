import type { SegmentReport, VideoReport } from '../../src/core/video/video-report.ts';
import type { VideoSummary } from '../../src/core/video/video-summary.ts';

const segmentFrames = 240;

/** The report of a finished run of 1,439 frames in 6 segments; `changes` say what is different. */
export function sampleUpscaleReport(changes: Partial<VideoReport> = {}): VideoReport {
  return {
    version: 1,
    kind: 'upscale',
    run_id: '20260301-101500-7f3a9c',
    tool_version: '0.1.0',
    status: 'complete',
    ending: null,
    host: 'local',
    input: '/videos/harbour.mkv',
    output: '/videos/harbour_2x.mkv',
    engine: 'lanczos',
    model: '',
    started_at: '2026-03-01T10:15:00.000Z',
    finished_at: '2026-03-01T10:15:44.300Z',
    counts: {
      frames: 1439,
      unique_frames: 1020,
      duplicates: 419,
      segments: 6,
      finished_segments: 6,
      failed_segments: 0,
    },
    finished_frames: 1439,
    time_ms: { total: 47_500, scan: 3_200, segments: 41_100, finish: 3_200 },
    frames_per_second: 35.01,
    stages: [
      { stage: 'scan', busy_ms: 3_200, frames: 1439, frames_per_second: 449.69 },
      { stage: 'decode', busy_ms: 9_800, frames: 1020, frames_per_second: 104.08 },
      { stage: 'upscale', busy_ms: 17_100, frames: 1020, frames_per_second: 59.65 },
      { stage: 'encode', busy_ms: 38_900, frames: 1439, frames_per_second: 36.99 },
      { stage: 'finish', busy_ms: 3_200, frames: 1439, frames_per_second: 449.69 },
    ],
    source: { width: 640, height: 360, pixel_format: 'yuv420p', size_bytes: 12_400_000, frame_rate: 23.976 },
    target: { width: 1280, height: 720, pixel_format: 'yuv420p' },
    settings: {
      scale: 2,
      dedupe: 'safe',
      batch_size: 8,
      workers: 2,
      is_worker_count_open: false,
      tile: 0,
      ...{ codec: 'h264', encoder: 'libx264', qp: null, bitrate: null, encoder_options: [] },
      crf: 18,
      preset: 'medium',
      slots: 1,
      keep_going: false,
    },
    duplicates: {
      percent: 29.1,
      longest: [
        { frame: 12, frames: 3, seconds: 0.125 },
        { frame: 301, frames: 48, seconds: 2.002 },
        { frame: 1200, frames: 31, seconds: 1.293 },
      ],
      shares: Array.from({ length: 80 }, (_, part) => [0, 0.667, 0.5, 0.1][Math.floor(part / 20)] ?? 0),
    },
    streams: [
      { index: 1, type: 'audio', codec: 'aac', language: 'eng', action: 'copy', why: null },
      { index: 2, type: 'audio', codec: 'aac', language: 'deu', action: 'copy', why: null },
      {
        index: 3,
        type: 'subtitle',
        codec: 'ass',
        language: 'eng',
        action: 'convert',
        why: 'the subtitle stream 3 (eng, ass) is converted to plain text (mov_text), without its styles: MP4 cannot hold ass',
      },
      {
        index: 4,
        type: 'attachment',
        codec: 'ttf',
        language: null,
        action: 'drop',
        why: 'the attachment 4 (ttf) is left out: MP4 cannot hold attached files',
      },
    ],
    chapters: 3,
    video: {
      size_bytes: 31_200_000,
      frames: 1439,
      duration_seconds: 60.02,
      max_time_error_ms: 0.4,
      copied_streams: 2,
      converted_streams: 1,
    },
    notices: ['12-bit pictures become 10-bit ones: H.264 holds no more.'],
    is_resumable: false,
    segments: Array.from({ length: 6 }, (_, index) => sampleSegment(index)),
    ...changes,
  };
}

/** One segment of {@link sampleUpscaleReport}. */
export function sampleSegment(index: number, changes: Partial<SegmentReport> = {}): SegmentReport {
  return {
    segment_id: index,
    status: 'finished',
    first_frame: index * segmentFrames + 1,
    last_frame: Math.min(1439, (index + 1) * segmentFrames),
    unique_frames: 168 + index,
    attempts: 1,
    duration_ms: 6_800 + 50 * index,
    frames_per_second: 35.2,
    stages_ms: { decode: 1_600, upscale: 2_850, encode: 6_480 },
    size_bytes: 5_100_000,
    batch_size: 8,
    tile: 0,
    lanes: 2,
    failure: null,
    ...changes,
  };
}

/** A segment that failed, and says `text` where it can say something. */
export function failedSegment(index: number, text = 'Out of memory, even for one frame.'): SegmentReport {
  return sampleSegment(index, {
    status: 'failed',
    attempts: 3,
    duration_ms: null,
    frames_per_second: null,
    stages_ms: null,
    size_bytes: null,
    batch_size: null,
    tile: null,
    lanes: null,
    failure: {
      code: 'out-of-memory',
      message: text,
      next_step: 'Use a smaller --tile, then resume the run.',
    },
  });
}

/** The summary of the same run. */
export function sampleUpscaleSummary(changes: Partial<VideoSummary> = {}): VideoSummary {
  const { counts, video, run_id: runId } = sampleUpscaleReport();
  return {
    version: 1,
    kind: 'upscale',
    run_id: runId,
    status: 'complete',
    ending: null,
    input: '/videos/harbour.mkv',
    output: '/videos/harbour_2x.mkv',
    counts,
    size: { width: 1280, height: 720 },
    engine: 'lanczos',
    model: '',
    scale: 2,
    host: 'local',
    workers: 2,
    checkpoint: '/runs/r/checkpoint.json',
    report: { json: '/runs/r/report.json', html: '/runs/r/report.html' },
    started_at: '2026-01-10T09:30:00.000Z',
    duration_ms: 41_100,
    frames_per_second: 35.01,
    realtime_factor: 1.46,
    video,
    notices: [],
    failures: [],
    is_resumable: false,
    error: null,
    ...changes,
  };
}
