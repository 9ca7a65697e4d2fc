import { describe, expect, it } from 'vitest';
import type { Size } from '../../../../src/core/hints/display-size.ts';
import type { ComparedFrame, VideoReport } from '../../../../src/core/video/video-report.ts';
import { VideoRunState } from '../../../../src/core/video/video-run-state.ts';
import type { VideoTool } from '../../../../src/ports/video-tool.ts';
import { writeVideoReport } from '../../../../src/services/video/write-video-report.ts';
import { sampleUpscaleCheckpoint, sampleUpscalePlan } from '../../../support/sample-upscale-plan.ts';

interface Asked {
  readonly path: string;
  readonly frames: readonly number[];
  readonly box: Size;
}

describe('writeUpscaleReport', () => {
  it('shows the first frames of segments all over the finished video, twice as large after as before', async () => {
    const { asked, written } = await write({});
    expect(asked).toEqual([
      { path: '/videos/in.mkv', frames: [0, 80, 160, 240], box: { width: 960, height: 540 } },
      { path: '/videos/out.mp4', frames: [0, 80, 160, 240], box: { width: 1920, height: 1080 } },
    ]);
    expect(written?.pictures.map(({ frame }) => frame)).toEqual([1, 81, 161, 241]);
    expect(written?.pictures[0]?.seconds).toBeCloseTo(0);
    expect(written?.report.video?.frames).toBe(300);
  });

  it('asks for upright pictures of a video that is shown upright', async () => {
    const { asked } = await write({ rotationDegrees: 90 });
    expect(asked[0]?.box).toEqual({ width: 540, height: 960 });
  });

  it('shows only frames of which both pictures can be read', async () => {
    const { written } = await write({ pictureOf: (frame) => (frame === 80 ? null : new Uint8Array([1])) });
    expect(written?.pictures.map(({ frame }) => frame)).toEqual([1, 161, 241]);
  });

  it.each([
    { rule: 'no picture before the video is finished', options: { isFinished: false } },
    {
      rule: 'no picture where they cannot be read',
      options: {
        pictureOf: () => {
          throw new Error('gone');
        },
      },
    },
    { rule: 'no picture without the source', options: { inspect: () => Promise.reject(new Error('gone')) } },
  ])('writes a report with $rule', async ({ options }) => {
    const { written } = await write(options);
    expect(written?.pictures).toEqual([]);
    expect(written?.report.counts.frames).toBe(300);
  });
});

interface WriteOptions {
  readonly isFinished?: boolean;
  readonly rotationDegrees?: 0 | 90;
  readonly pictureOf?: (frame: number) => Uint8Array | null;
  readonly inspect?: VideoTool['inspect'];
}

async function write({ isFinished = true, rotationDegrees = 0, ...tool }: WriteOptions) {
  const plan = sampleUpscalePlan();
  const checkpoint = sampleUpscaleCheckpoint(plan);
  const asked: Asked[] = [];
  const facts = { ...plan.facts, video: { ...plan.facts.video, rotationDegrees } };
  const pictureOf = tool.pictureOf ?? (() => new Uint8Array([1]));
  const video: Pick<VideoTool, 'inspect' | 'pictures' | 'removeRetimed'> = {
    inspect: tool.inspect ?? (() => Promise.resolve(facts)),
    removeRetimed: () => Promise.resolve(),
    pictures: async ({ path }, frames, box) => {
      asked.push({ path, frames: frames.map(({ frame }) => frame), box });
      return frames.map(({ frame }) => pictureOf(frame));
    },
  };
  const state = new VideoRunState(checkpoint);
  if (isFinished) state.apply(finishedVideo);
  const paths = {
    checkpoint: 'c',
    journal: 'j',
    reportJson: 'r.json',
    reportHtml: 'r.html',
    inside: String,
  };
  let written: { report: VideoReport; pictures: readonly ComparedFrame[] } | null = null;
  const run = { runId: 'r', folder: '/runs/r', checkpoint, events: [], isJournalTorn: false, paths };
  await writeVideoReport(run, state, {
    video,
    toolVersion: '0.1.0',
    runs: { read: () => Promise.resolve(run) as never },
    reports: {
      writeUpscale: async (_, report, pictures) => {
        written = { report, pictures };
      },
    },
  });
  return { asked, written: written as { report: VideoReport; pictures: readonly ComparedFrame[] } | null };
}

const finishedVideo = {
  type: 'video-finished',
  output: '/videos/out.mp4',
  size_bytes: 1,
  frames: 300,
  duration_seconds: 12.5,
  max_time_error_ms: 0,
  copied_streams: 1,
  converted_streams: 0,
  notices: [] as string[],
  duration_ms: 1,
} as const;
