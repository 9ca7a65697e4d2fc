import { describe, expect, it } from 'vitest';
import type { VideoEventBody } from '../../../../src/core/video/video-event.ts';
import { VideoRunState } from '../../../../src/core/video/video-run-state.ts';

const planned = [0, 1].map((id) => ({
  segment_id: id,
  task_key: `key-${id}`,
  first_frame: id * 10,
  frames: 10,
  first_unique: id * 10,
  unique_frames: 10,
  first_batch: id * 2,
  seek_time: null,
}));
const counts = { frames: 20, unique_frames: 20, batches: 4 };

function finished(id: number): VideoEventBody {
  return {
    type: 'segment-finished',
    segment_id: id,
    task_key: `key-${id}`,
    frames: 10,
    unique_frames: 10,
    sha256: 'ab',
    size_bytes: 100,
    attempts: 1,
    duration_ms: 5,
    stages_ms: { decode: 1, upscale: 1, encode: 1 },
    batch_size: 8,
    tile: 0,
    lanes: 1,
  };
}

function lost(id: number): VideoEventBody {
  return { type: 'segment-lost', segment_id: id, task_key: `key-${id}`, message: 'It is gone.' };
}

describe('a segment that is lost', () => {
  it('is to be made again, until it is finished once more', () => {
    const state = new VideoRunState({ segments: planned, counts });
    for (const event of [finished(0), finished(1), lost(1)]) state.apply(event);
    expect(state.pending.map(({ segment_id: id }) => id)).toEqual([1]);
    expect(state).toMatchObject({ pendingCount: 1, finishedFrames: 10, counts: { finished_segments: 1 } });
    expect(state.segments.get(1)?.isLost).toBe(true);
    state.apply(finished(1));
    expect(state).toMatchObject({ pendingCount: 0, finishedFrames: 20, counts: { finished_segments: 2 } });
    expect(state.segments.get(1)?.isLost).toBe(false);
  });

  it.each([0, 7])('changes nothing where it was never finished, or not planned: %i', (id) => {
    const state = new VideoRunState({ segments: planned, counts });
    state.apply(lost(id));
    expect(state).toMatchObject({ pendingCount: 2, finishedFrames: 0, counts: { finished_segments: 0 } });
  });
});
