import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSegments, type SegmentsInput } from '../../../../src/core/frames/plan-segments.ts';

function input(
  frames: number,
  keyFrames: readonly number[],
  unique: readonly number[] | null = null,
): SegmentsInput {
  return {
    timeline: {
      times: Float64Array.from({ length: frames }, (_, frame) => 1000 + frame * 40),
      uniqueFrames: Int32Array.from(unique ?? Array.from({ length: frames }, (_, frame) => frame)),
    },
    keyFrames,
    batchSize: 8,
    targetFrames: 240,
  };
}

function every(step: number, frames: number): number[] {
  return Array.from({ length: Math.ceil(frames / step) }, (_, index) => index * step);
}

/** Frames that are decoded when every segment is decoded from its key frame. */
function decoded(segments: ReturnType<typeof planSegments>, { timeline }: SegmentsInput): number {
  return segments.reduce((sum, { firstFrame, frames, seekTime }) => {
    const from = seekTime === null ? 0 : timeline.times.indexOf(seekTime);
    return sum + firstFrame + frames - from;
  }, 0);
}

describe('segments', () => {
  it.each([
    { gop: 1, most: 1 },
    { gop: 12, most: 1.05 },
    { gop: 250, most: 1.05 },
    { gop: 600, most: 1.6 },
  ])('begin a little after key frames that come every $gop frames', ({ gop, most }) => {
    const video = input(20_000, every(gop, 20_000));
    const segments = planSegments(video);
    expect(decoded(segments, video)).toBeLessThanOrEqual(most * 20_000);
    const lengths = segments.map(({ frames }) => frames);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(Math.max(480, 2 * gop));
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(120);
  });

  it('grow where key frames are missing', () => {
    const video = input(86_400, [0]);
    const segments = planSegments(video);
    expect(decoded(segments, video)).toBeLessThanOrEqual(2 * 86_400);
    expect(segments.length).toBeGreaterThan(5);
    expect(segments.every(({ seekTime }) => seekTime === null)).toBe(true);
  });

  it('hold whole batches of unique frames, however long those are shown', () => {
    const unique = every(100, 10_000);
    const segments = planSegments(input(10_000, every(24, 10_000), unique));
    expect(segments.map(({ uniqueFrames }) => uniqueFrames)).toEqual([...Array(12).fill(8), 4]);
    expect(segments.at(-1)).toMatchObject({ firstFrame: 9600, frames: 400, firstUnique: 96, firstBatch: 12 });
  });

  it('are one for a short video, and none for an empty one', () => {
    expect(planSegments(input(1, [0]))).toEqual([
      {
        segmentId: 0,
        firstFrame: 0,
        frames: 1,
        firstUnique: 0,
        uniqueFrames: 1,
        firstBatch: 0,
        seekTime: null,
        context: { before: 0, after: 0 },
      },
    ]);
    expect(planSegments(input(300, [0, 250]))).toHaveLength(1);
    expect(planSegments(input(0, []))).toEqual([]);
  });

  it('take time in proportion to the frames', () => {
    const video = input(1_000_000, [0]);
    // In proportion to their square it would take hours.
    expect(planSegments(video).length).toBeGreaterThan(1);
  });
});

const videos = fc
  .record({
    frames: fc.integer({ min: 1, max: 3000 }),
    keyStep: fc.integer({ min: 1, max: 1500 }),
    jitter: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
    holds: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 }),
    batchSize: fc.integer({ min: 1, max: 16 }),
    targetFrames: fc.integer({ min: 1, max: 300 }),
  })
  .map(({ frames, keyStep, jitter, holds, batchSize, targetFrames }): SegmentsInput => {
    const keyFrames: number[] = [];
    for (let frame = 0, at = 0; frame < frames; at++) {
      keyFrames.push(frame);
      frame += jitter[at % Math.max(1, jitter.length)] ?? keyStep;
    }
    const unique: number[] = [];
    for (let frame = 0, at = 0; frame < frames; at++) {
      unique.push(frame);
      frame += holds[at % holds.length] ?? 1;
    }
    return { ...input(frames, keyFrames, unique), batchSize, targetFrames };
  });

it('any video: segments cover every frame once, begin batches and key frames cost at most once more', () => {
  fc.assert(
    fc.property(videos, (video) => {
      const { times, uniqueFrames } = video.timeline;
      const segments = planSegments(video);
      let frame = 0;
      let unique = 0;
      for (const [index, segment] of segments.entries()) {
        expect(segment).toMatchObject({ segmentId: index, firstFrame: frame, firstUnique: unique });
        expect(segment.firstUnique % video.batchSize).toBe(0);
        expect(segment.firstBatch).toBe(segment.firstUnique / video.batchSize);
        expect(uniqueFrames[unique]).toBe(frame);
        expect(segment.uniqueFrames).toBeGreaterThan(0);
        if (segment.seekTime !== null) {
          expect(video.keyFrames).toContain(times.indexOf(segment.seekTime));
          expect(segment.seekTime).toBeLessThanOrEqual(times[frame] ?? 0);
        }
        frame += segment.frames;
        unique += segment.uniqueFrames;
      }
      expect([frame, unique]).toEqual([times.length, uniqueFrames.length]);
      expect(decoded(segments, video)).toBeLessThanOrEqual(2 * times.length);
    }),
    { numRuns: 300 },
  );
});
