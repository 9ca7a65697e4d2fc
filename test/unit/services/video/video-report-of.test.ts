import { describe, expect, it } from 'vitest';
import type { Journaled } from '../../../../src/core/run/run-status.ts';
import type { VideoEventBody } from '../../../../src/core/video/video-event.ts';
import { videoReportSchema } from '../../../../src/core/video/video-report.ts';
import { VideoRunState } from '../../../../src/core/video/video-run-state.ts';
import { summaryOfVideo } from '../../../../src/services/video/summarise-video.ts';
import { videoReportOf } from '../../../../src/services/video/video-report-of.ts';
import {
  finishedSegment,
  sampleUpscaleCheckpoint,
  sampleUpscalePlan,
} from '../../../support/sample-upscale-plan.ts';

const plan = sampleUpscalePlan({ repeats: new Array<number>(160).fill(2) });
const checkpoint = sampleUpscaleCheckpoint(plan);
const started: VideoEventBody = { type: 'run-started', run_id: 'r', total: 2, is_resumed: false };
const failed: VideoEventBody = {
  type: 'segment-failed',
  segment_id: 1,
  task_key: checkpoint.segments[1]?.task_key ?? '',
  attempts: 3,
  code: 'out-of-memory',
  message: 'Too large.',
  next_step: 'Use a smaller --tile.',
};
const finishedVideo: VideoEventBody = {
  type: 'video-finished',
  output: '/videos/out.mp4',
  size_bytes: 3_000_000,
  frames: 320,
  duration_seconds: 13.3,
  max_time_error_ms: 0.2,
  copied_streams: 1,
  converted_streams: 0,
  notices: [],
  duration_ms: 1_500,
};

describe('upscaleReportOf', () => {
  it('tells a finished run, without the time between its sessions', () => {
    const report = reportOf([
      [0, started],
      [4, finishedSegment(checkpoint, 0)],
      // Killed here, and resumed an hour later.
      [3600, { ...started, is_resumed: true }],
      [3606, finishedSegment(checkpoint, 1)],
      [3608, finishedVideo],
    ]);
    expect(videoReportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      status: 'complete',
      finished_at: '2026-03-01T11:15:08.000Z',
      finished_frames: 320,
      time_ms: { total: 12_700, scan: 700, segments: 10_000, finish: 2_000 },
      frames_per_second: 25.2,
      is_resumable: false,
      counts: { frames: 320, unique_frames: 160, duplicates: 160, finished_segments: 2 },
      source: { width: 640, height: 360, frame_rate: 24 },
      duplicates: { percent: 50 },
      chapters: 3,
      video: { frames: 320, max_time_error_ms: 0.2 },
    });
    expect(report.stages).toEqual([
      { stage: 'scan', busy_ms: 700, frames: 320, frames_per_second: 457.14 },
      { stage: 'decode', busy_ms: 1_000, frames: 160, frames_per_second: 160 },
      { stage: 'upscale', busy_ms: 2_000, frames: 160, frames_per_second: 80 },
      { stage: 'encode', busy_ms: 3_800, frames: 320, frames_per_second: 84.21 },
      { stage: 'finish', busy_ms: 2_000, frames: 320, frames_per_second: 160 },
    ]);
    expect(report.streams).toEqual([
      { index: 1, type: 'audio', codec: 'aac', language: 'eng', action: 'copy', why: null },
      expect.objectContaining({ index: 2, codec: 'hdmv_pgs_subtitle', action: 'drop' }),
    ]);
    expect(report.segments[1]).toMatchObject({
      status: 'finished',
      first_frame: 161,
      last_frame: 320,
      unique_frames: 80,
      frames_per_second: 80,
    });
  });

  it('tells what failed and what is open, also without the source', () => {
    const events = [
      [0, started],
      [2, failed],
      [2, { type: 'run-finished', status: 'partial', counts: new VideoRunState(checkpoint).counts }],
    ] as const;
    const report = reportOf(events, false);
    expect(videoReportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      status: 'partial',
      finished_at: null,
      frames_per_second: null,
      streams: null,
      chapters: null,
      video: null,
      is_resumable: true,
      segments: [
        { status: 'pending', attempts: 0, failure: null },
        {
          status: 'failed',
          attempts: 3,
          failure: { code: 'out-of-memory', next_step: 'Use a smaller --tile.' },
        },
      ],
    });
  });

  it('a run that was killed is unfinished', () => {
    expect(reportOf([[0, started]]).status).toBe('unfinished');
  });
});

it('summaryOfUpscale sums a session up', () => {
  const paths = {
    checkpoint: 'c',
    journal: 'j',
    reportJson: 'r.json',
    reportHtml: 'r.html',
    inside: String,
  };
  const model = { ...checkpoint.source, path: '/models/anime.onnx' };
  const run = { runId: 'r', checkpoint: { ...checkpoint, model }, paths, events: [] };
  const state = new VideoRunState(checkpoint);
  const timed = [started, finishedSegment(checkpoint, 0), failed];
  for (const [at, body] of timed.entries()) state.apply(journaled(body, at, at * 0.65));
  const ended = {
    status: 'partial',
    doneBefore: 0,
    error: null,
  } as const;
  expect(summaryOfVideo(run, state, ended)).toMatchObject({
    run_id: 'r',
    status: 'partial',
    model: 'anime.onnx',
    size: { width: 1280, height: 720 },
    duration_ms: 2_000,
    frames_per_second: 80,
    video: null,
    failures: [{ segment_id: 1, code: 'out-of-memory' }],
    is_resumable: true,
    error: null,
  });
  // A session that did no frame has no speed.
  expect(summaryOfVideo(run, state, { ...ended, doneBefore: 160 }).frames_per_second).toBeNull();
});

function reportOf(timed: readonly (readonly [seconds: number, VideoEventBody])[], hasSource = true) {
  const state = stateOf(timed.map(([, body]) => body));
  const events = timed.map(([seconds, body], seq) => journaled(body, seq, seconds));
  const facts = hasSource ? plan.facts : null;
  return videoReportOf({ checkpoint, state, events, timeline: plan.timeline, facts, toolVersion: '0.1.0' });
}

function stateOf(bodies: readonly VideoEventBody[]): VideoRunState {
  const state = new VideoRunState(checkpoint);
  for (const body of bodies) state.apply(body);
  return state;
}

function journaled(body: VideoEventBody, seq: number, seconds: number): Journaled<VideoEventBody> {
  const time = new Date(Date.parse('2026-03-01T10:15:00.000Z') + 1000 * seconds).toISOString();
  return { ...body, version: 1, seq, time };
}
