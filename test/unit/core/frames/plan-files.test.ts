import { describe, expect, it } from 'vitest';
import {
  frameName,
  inChunks,
  processingPlan,
  workerManifest,
  workerStatusFile,
} from '../../../../src/core/frames/plan-files.ts';

const all = (frames: number) => Int32Array.from({ length: frames }, (_, frame) => frame);
const of300 = { uniqueFrames: all(300), workers: 6, batchSize: 8, scale: 2, tile: 256 };
const textOf = (chunks: Iterable<string>) => [...chunks].join('');

describe('300 frames, 6 workers, 8 a batch', () => {
  it('give exactly the manifest of the format', () => {
    const names = (first: number) =>
      Array.from({ length: 8 }, (_, at) => `frame_${String(first + at).padStart(6, '0')}`);
    const batches = [0, 6, 12, 18, 24, 30, 36];
    expect(textOf(workerManifest(0, of300))).toBe(
      [
        '# Worker 0 Manifest - Batches: 0, 6, 12, 18, 24, 30, 36',
        '# Scale: 2x, Batch Size: 8, Patch Size: 256',
        '# Total Batches: 7',
        '',
        ...batches.map((batch) => [`batch_${batch}`, ...names(8 * batch + 1)].join(',')),
        '',
      ].join('\n'),
    );
  });

  it('end with batch 37, frames 297 to 300', () => {
    const last = textOf(workerManifest(1, of300)).trimEnd().split('\n').at(-1);
    expect(last).toBe('batch_37,frame_000297,frame_000298,frame_000299,frame_000300');
  });
});

it('a worker beyond the batches has an empty manifest', () => {
  expect(textOf(workerManifest(3, { ...of300, uniqueFrames: all(9), workers: 4 }))).toBe(
    '# Worker 3 Manifest - Batches:\n# Scale: 2x, Batch Size: 8, Patch Size: 256\n# Total Batches: 0\n\n',
  );
});

it('manifests name the frames of the video, not their places among the unique ones', () => {
  const text = textOf(
    workerManifest(0, { ...of300, uniqueFrames: Int32Array.of(0, 3, 6), workers: 1, batchSize: 2 }),
  );
  expect(text.split('\n').slice(4)).toEqual([
    'batch_0,frame_000001,frame_000004',
    'batch_1,frame_000007',
    '',
  ]);
});

it('frames beyond a million have more digits', () => {
  expect(frameName(0)).toBe('frame_000001');
  expect(frameName(1_234_566)).toBe('frame_1234567');
});

it('a file of any length comes in chunks of like size', () => {
  const chunks = [...workerManifest(0, { ...of300, uniqueFrames: all(100_000), workers: 2 })];
  expect(chunks.length).toBeGreaterThan(5);
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(70_000);
  expect([...inChunks([])]).toEqual([]);
});

describe('parallel_processing_plan.json', () => {
  it('maps every frame to the one that is upscaled for it', () => {
    expect(JSON.parse(textOf(processingPlan({ frames: 5, uniqueFrames: Int32Array.of(0, 2, 3) })))).toEqual({
      version: 1,
      frames_to_process: ['frame_000001', 'frame_000003', 'frame_000004'],
      frame_output_mapping: {
        0: {
          input_path: 'frame_000001',
          unique_frame: 'frame_000001',
          output_path: 'frame_000001',
          is_duplicate: false,
        },
        1: {
          input_path: 'frame_000002',
          unique_frame: 'frame_000001',
          output_path: 'frame_000002',
          is_duplicate: true,
        },
        2: {
          input_path: 'frame_000003',
          unique_frame: 'frame_000003',
          output_path: 'frame_000003',
          is_duplicate: false,
        },
        3: {
          input_path: 'frame_000004',
          unique_frame: 'frame_000004',
          output_path: 'frame_000004',
          is_duplicate: false,
        },
        4: {
          input_path: 'frame_000005',
          unique_frame: 'frame_000004',
          output_path: 'frame_000005',
          is_duplicate: true,
        },
      },
      stats: { total_frames: 5, unique_frames: 3, duplicates: 2, duplicate_percentage: 40, parallel_jobs: 3 },
    });
  });

  it('is valid for no frame, and for many in chunks', () => {
    expect(
      JSON.parse(textOf(processingPlan({ frames: 0, uniqueFrames: all(0) }))).stats.duplicate_percentage,
    ).toBe(0);
    const chunks = [...processingPlan({ frames: 50_000, uniqueFrames: all(50_000) })];
    expect(chunks.length).toBeGreaterThan(50);
    expect(JSON.parse(chunks.join('')).stats.unique_frames).toBe(50_000);
  });
});

describe('worker_<n>_status.json', () => {
  const startMs = Date.parse('2025-10-23T20:30:00.000Z');
  const lane = {
    lane: 0,
    status: 'processing',
    totalBatches: 7,
    completedBatches: 3,
    currentBatch: 18,
  } as const;

  it('tells what is done and when the rest will be', () => {
    expect(workerStatusFile(lane, { startMs, nowMs: startMs + 30_000 })).toEqual({
      version: 1,
      worker_id: 0,
      status: 'processing',
      total_batches: 7,
      completed_batches: 3,
      current_batch: 18,
      progress_percent: 42.8,
      start_time: '2025-10-23T20:30:00.000Z',
      estimated_completion: '2025-10-23T20:31:10.000Z',
      updated_at: '2025-10-23T20:30:30.000Z',
    });
  });

  it.each([
    { what: 'nothing is done yet', facts: { completedBatches: 0 }, percent: 0, isKnown: false },
    { what: 'the lane failed', facts: { status: 'failed' as const }, percent: 42.8, isKnown: false },
    {
      what: 'everything is done',
      facts: { status: 'stopped' as const, completedBatches: 7 },
      percent: 100,
      isKnown: true,
    },
    {
      what: 'there is nothing to do',
      facts: { totalBatches: 0, completedBatches: 0 },
      percent: 100,
      isKnown: true,
    },
  ])('when $what', ({ facts, percent, isKnown }) => {
    const file = workerStatusFile({ ...lane, ...facts }, { startMs, nowMs: startMs + 1 });
    expect(file.progress_percent).toBe(percent);
    expect(file.estimated_completion !== null).toBe(isKnown);
  });
});
