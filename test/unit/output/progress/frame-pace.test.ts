import { describe, expect, it } from 'vitest';
import type { VideoEventBody } from '../../../../src/core/video/video-event.ts';
import { FramePace } from '../../../../src/output/progress/video-progress.ts';
import { SetPace } from '../../../../src/output/progress/video-set-progress.ts';

const submitted: VideoEventBody = { type: 'batch-submitted', batch_id: 0, worker_id: 0, tasks: 1 };
const failed: VideoEventBody = {
  type: 'segment-failed',
  segment_id: 3,
  task_key: 'k',
  attempts: 1,
  code: 'engine-failed',
  message: 'm',
  next_step: 'h',
};

const finishedSegment = {
  type: 'segment-finished',
  ...{ segment_id: 0, task_key: 'k', unique_frames: 1, sha256: '', attempts: 1 },
  ...{ duration_ms: 1, stages_ms: { decode: 0, upscale: 0, encode: 0 }, batch_size: 8, tile: 0, lanes: 1 },
} as const;

describe('FramePace', () => {
  it('counts the last step, how fast the video plays, and how large it becomes', () => {
    const run = { frames: 1000, finishedFrames: 0, segments: 4, seconds: 40, finishMs: 3_000 };
    const pace = new FramePace(run, true);
    expect(pace.expectedBytes).toBeNull();
    for (const second of [1, 2, 3, 4, 5]) pace.note(50 * second, 1_000 * second);
    pace.apply({ ...finishedSegment, frames: 250, size_bytes: 1_000 });
    expect(pace.realtime(5_000)).toBe(2);
    expect(pace.remainingMs(5_000)).toBe(15_000 + 3_000);
    expect(pace.expectedBytes).toBe(4_000);
    pace.beginFinish(20_000);
    pace.beginFinish(21_000);
    expect([20_000, 22_000, 30_000].map((nowMs) => pace.finishLeftMs(nowMs))).toEqual([3_000, 1_000, 0]);
  });

  it('says nothing before two reports and two seconds have followed the first frame', () => {
    const pace = begin();
    pace.note(8, 60_000);
    expect(pace.remainingMs(70_000)).toBeNull();
    pace.note(16, 60_500);
    pace.note(24, 61_000);
    expect(pace.framesPerSecond(61_999)).toBeNull();
    expect(pace.framesPerSecond(62_000)).toBe(8);
    expect(pace.remainingMs(62_000)).toBe(122_000);
  });

  it('counts neither what was finished earlier nor what the host had done meanwhile', () => {
    const pace = new FramePace({ frames: 1000, finishedFrames: 240, segments: 4 });
    pace.note(720, 1_000);
    pace.apply(submitted);
    pace.note(730, 2_000);
    pace.note(740, 3_000);
    pace.note(750, 4_000);
    expect(pace.framesPerSecond(4_000)).toBe(10);
    expect(pace.remainingMs(4_000)).toBe(25_000);
    expect(pace.done).toBe(750);
  });

  it('expects nothing more of failed segments', () => {
    const pace = begin();
    for (let report = 1; report <= 5; report++) pace.note(100 * report, 1_000 * report);
    expect(pace.remainingMs(5_000)).toBe(5_000);
    pace.apply(failed);
    expect(pace.remainingMs(5_000)).toBe(2_500);
    expect(pace.failedSegments).toBe(1);
  });

  it('keeps its pace after the last frame', () => {
    const pace = begin();
    for (let report = 1; report <= 10; report++) pace.note(100 * report, 1_000 * report);
    expect(pace.framesPerSecond(60_000)).toBe(100);
    expect(pace.remainingMs(60_000)).toBe(0);
  });

  it('grows with a pause, and bears a segment that is made again', () => {
    const pace = begin();
    for (let report = 1; report <= 5; report++) pace.note(100 * report, 1_000 * report);
    expect(pace.remainingMs(9_000)).toBe(10_000);
    pace.note(50, 9_500);
    expect(pace.framesPerSecond(10_000)).toBeNull();
  });
});

function begin(): FramePace {
  const pace = new FramePace({ frames: 1000, finishedFrames: 0, segments: 4 });
  pace.apply(submitted);
  return pace;
}

describe('SetPace', () => {
  const known = { finishedFrames: 0, finishedBytes: 0, finishMs: 3_000, isSettled: false };
  const small = { ...known, name: 'small.mp4', frames: 100, framePixels: 10, framesPerSecond: 25 };
  const large = { ...known, name: 'large.mp4', frames: 100, framePixels: 40, framesPerSecond: 50 };

  it('counts frames by their pixels, and the last steps that no video has shown yet', () => {
    const pace = new SetPace({ videos: [small, large] });
    pace.note(0, 0, 0);
    expect(pace.pace(1_000)).toEqual({ rate: null, leftMs: null, realtime: null });
    pace.note(0, 100, 4_000);
    // 1,000 pixels in 4 s leave 4,000 for 16 s; 100 frames are 4 s of the first video.
    expect(pace.pace(4_000)).toMatchObject({ leftMs: 16_000 + 6_000, realtime: 1 });
    pace.settle(0);
    pace.note(1, 50, 10_000);
    expect(pace.pace(10_000)).toMatchObject({ leftMs: 6_667, realtime: 0.5 });
  });

  it('does not count what earlier sessions did, but their bytes', () => {
    const done = { ...small, finishedFrames: 100, finishedBytes: 7, isSettled: true };
    const pace = new SetPace({ videos: [done, { ...large, frames: null, framePixels: null }] });
    expect([pace.settled, pace.savedBytes, pace.doneFrames]).toEqual([1, 7, 100]);
    // A video of which nothing is known counts as the others do.
    expect(pace.work).toEqual({ done: 1_000, total: 2_000 });
    pace.plan(1, 100, 40);
    expect(pace.work).toEqual({ done: 1_000, total: 5_000 });
    pace.note(1, 0, 0);
    pace.note(1, 50, 5_000);
    expect(pace.pace(5_000)).toMatchObject({ leftMs: 5_000 + 3_000, realtime: 0.2 });
  });
});
