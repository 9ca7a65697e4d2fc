import { describe, expect, it } from 'vitest';
import { videoPlanDocument } from '../../../../../src/output/json/video-plan-document.ts';
import { rateText } from '../../../../../src/output/text/format.ts';
import { createStyle } from '../../../../../src/output/text/style.ts';
import { batchesText, formatVideoPlan } from '../../../../../src/output/text/video/plan-text.ts';
import { formatVideoSummary } from '../../../../../src/output/text/video/summary-text.ts';
import { sampleUpscaleSummary } from '../../../../support/sample-upscale.ts';
import { sampleUpscalePlan } from '../../../../support/sample-upscale-plan.ts';

const plain = createStyle(false);
const expected = { durationMs: 41_000, outputBytes: 30 * 1024 ** 2, peakBytes: 36 * 1024 ** 2 };
const unknown = { durationMs: null, outputBytes: null, peakBytes: null };
const counts = sampleUpscaleSummary().counts;

describe('formatUpscaleSummary', () => {
  it('says what was made, where it is, and what was verified', () => {
    expect(formatVideoSummary(sampleUpscaleSummary({ host: 'gpu1' }), plain)).toBe(`\
✓ 1,439 frames upscaled to 1280x720 in 41 s (35 fps, 1.5x realtime)

  Video       /videos/harbour_2x.mkv (29.8 MiB, 1 min 0 s)
  Verified    1,439 frames, time stamps within 0.4 ms, 2 other streams copied, 1 converted
  Duplicates  419 frames (29.1 %) show the picture before them and were not upscaled again
  Report      /runs/r/report.html
  Engine      lanczos x2, 2 workers
  Host        gpu1
  Started     2026-01-10 09:30 UTC
  Run         20260301-101500-7f3a9c
`);
  });

  it.each([
    {
      rule: 'a partial run',
      changes: {
        status: 'partial',
        counts: { ...counts, finished_segments: 5, failed_segments: 1 },
        failures: [
          { segment_id: 2, code: 'out-of-memory', message: 'Too large.', next_step: 'Use a smaller --tile.' },
        ],
      },
      headline: '✗ 5 of 6 segments upscaled, 1 failed in 41 s (35 fps, 1.5x realtime)',
      texts: [
        '✗ out-of-memory: 1 segment\n    → Use a smaller --tile.\n    segment 2  Too large.',
        'To continue:  cosmos resume 2026',
      ],
    },
    {
      rule: 'a run that was submitted',
      changes: { status: 'detached', frames_per_second: null, counts: { ...counts, finished_segments: 0 } },
      headline: '… 1,439 frames in 6 segments submitted in 41 s',
      texts: ['The work keeps running by itself:', 'cosmos attach 2026', 'cosmos cancel 2026'],
    },
    {
      rule: 'a run whose video could not be put together',
      changes: { status: 'failed' },
      headline:
        '✗ 6 of 6 segments upscaled, the video is not put together yet in 41 s (35 fps, 1.5x realtime)',
      texts: ['(not written yet)', 'To continue:'],
    },
    {
      rule: 'a run that stopped early',
      changes: { status: 'failed', counts: { ...counts, finished_segments: 2 }, notices: ['Be\u001bware.'] },
      headline: '✗ 2 of 6 segments upscaled, 4 not done in 41 s (35 fps, 1.5x realtime)',
      texts: ['! Be\\u001bware.'],
    },
  ] as const)('says how to go on after $rule', ({ changes, headline, texts }) => {
    const text = formatVideoSummary(
      sampleUpscaleSummary({ video: null, is_resumable: true, ...changes }),
      plain,
    );
    expect(text.split('\n')[0]).toBe(headline);
    for (const part of texts) expect(text).toContain(part);
  });
});

describe('formatUpscalePlan', () => {
  it('says everything that matters before the work begins', () => {
    const repeats = [...new Array<number>(11).fill(1), 3, ...new Array<number>(286).fill(1)];
    const plan = sampleUpscalePlan({ repeats, plan: { notices: ['12-bit becomes 10-bit.'] } });
    expect(formatVideoPlan(plan, plain, expected)).toBe(`\
Video       /videos/in.mkv (640x360 h264 yuv420p, 24 fps, 13 s, 11.8 MiB)
Output      /videos/out.mp4 (1280x720 h264 yuv420p, crf 18, preset medium)
Engine      lanczos x2, 6 workers
Frames      300, of which 298 are to be upscaled
Duplicates  2, 0.7 % (--dedupe safe)
              frame 12 is shown for 3 frames (0.13 s)
Segments    4, each of 58 to 82 frames
Batches     38 of 8 frames: workers 0–1 get 7 batches each, workers 2–5 get 6 batches each
Streams     1 ✓ audio aac eng, copied
            2 ✗ the subtitle stream 2 is left out
Time        about 41 s; analyzing the frames took 0.7 s
Disk        about 30.0 MiB for the video, up to 36.0 MiB on the way, 50.0 GiB free

! 12-bit becomes 10-bit.
`);
  });

  it.each([
    {
      rule: 'nothing was looked for',
      options: { settings: { dedupe: 'off' } },
      text: 'not searched for (--dedupe off)',
    },
    { rule: 'there are no duplicates', options: {}, text: 'none (--dedupe safe)' },
    {
      rule: 'there is one segment',
      options: { uniquePerSegment: 304 },
      text: 'Segments    1, of 300 frames',
    },
    { rule: 'the disk is too small', options: { plan: { freeBytes: 1024 ** 2 } }, text: 'only 1.0 MiB free' },
    {
      rule: 'nobody knows the free room',
      options: { plan: { freeBytes: null } },
      text: 'free space unknown',
    },
    {
      rule: 'a probe decides on workers',
      options: { engine: { kind: 'onnx', is_lane_count_open: true } },
      text: 'onnx x2, up to 6 workers',
    },
  ] as const)('says so when $rule', ({ options, text }) => {
    expect(formatVideoPlan(sampleUpscalePlan(options), plain, expected)).toContain(text);
  });

  it('bears that nothing can be expected', () => {
    const text = formatVideoPlan(sampleUpscalePlan(), plain, unknown);
    expect(text).toContain('not known; analyzing the frames took 0.7 s');
    expect(text).toContain('Disk        50.0 GiB free');
  });
});

it('upscalePlanDocument counts frames from 1 and has every segment', () => {
  const document = videoPlanDocument(sampleUpscalePlan(), expected);
  expect(document).toMatchObject({
    version: 1,
    kind: 'upscale',
    counts: { frames: 300, unique_frames: 300, duplicates: 0, segments: 4, batches: 38 },
    dedupe: { mode: 'safe', examples: [] },
    expected: { duration_ms: 41_000 },
  });
  expect(document.workers.map(({ batches }) => batches)).toEqual([7, 7, 6, 6, 6, 6]);
  expect(document.segments.at(-1)).toEqual({
    segment_id: 3,
    first_frame: 241,
    last_frame: 300,
    unique_frames: 60,
    first_batch: 30,
  });
});

it.each([
  [38, 6, 'workers 0–1 get 7 batches each, workers 2–5 get 6 batches each'],
  [12, 6, 'workers 0–5 get 2 batches each'],
  [3, 1, 'worker 0 gets 3 batches'],
  [1, 3, 'worker 0 gets 1 batch, workers 1–2 get none'],
  [3, 2, 'worker 0 gets 2 batches, worker 1 gets 1 batch'],
])('%i batches over %i workers: %s', (batches, workers, text) => {
  expect(batchesText(batches, workers)).toBe(text);
});

it.each([
  [1234.4, '1,234 fps'],
  [35.01, '35 fps'],
  [3.44, '3.4 fps'],
  [0.251, '0.25 fps'],
])('%f frames per second: %s', (rate, text) => expect(rateText(rate)).toBe(text));
