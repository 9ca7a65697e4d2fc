import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import type { Clip, SegmentTask, UpscalerSpec } from '../../../../src/protocol/segment.ts';
import { createUpscaleEngine } from '../../../../src/worker/upscale/kind.ts';
import { SegmentUpscaler } from '../../../../src/worker/upscale/segment-upscaler.ts';
import { childrenOf } from '../../../support/child-processes.ts';
import { makeClip } from '../../../support/clips.ts';
import { KillingFrames } from '../../../support/killing-frames.ts';
import { sampleSegment, sampleUpscalerSpec } from '../../../support/memory-frames.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const run = promisify(execFile);
const folder = await temporaryFolder();
const never = new AbortController().signal;
const quiet = { signal: never, onProgress: () => undefined };

/** 60 frames of 96x54 at 24 a second, with a key frame at each second. */
const source = await makeClip(join(folder, 'source.mp4'), {
  ...{ width: 96, height: 54, fps: 24, frames: 60, seconds: 3 },
  outputOptions: ['-g', '24', '-video_track_timescale', '24', '-bf', '2'],
});

const clip: Clip = {
  ...sampleSegment().clip,
  frame: { width: 96, height: 54, pixel_format: 'yuv420p' },
  target: { width: 192, height: 108, pixel_format: 'yuv420p' },
};
/** What the lanes do, in the words of one ffmpeg. */
const scaling = [
  'scale=192:108:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact:in_range=tv:out_range=tv',
  'in_h_chr_pos=0:out_h_chr_pos=0:in_v_chr_pos=128:out_v_chr_pos=128',
].join(':');
const ones = (count: number) => new Array<number>(count).fill(1);
/** The first frame is shown twice: then frames go through lanes. */
const inLanes = [2, ...ones(58)];
const segment = (more: Partial<SegmentTask> = {}) => sampleSegment({ clip, repeats: ones(60), ...more });

function rig(spec: Partial<UpscalerSpec> = {}, more: { sourcePath?: string; frames?: FfmpegFrameTool } = {}) {
  const frames = more.frames ?? new FfmpegFrameTool();
  const runFolder = join(folder, randomBytes(4).toString('hex'));
  const log: string[] = [];
  const upscaler = new SegmentUpscaler(
    sampleUpscalerSpec(spec),
    createUpscaleEngine(sampleUpscalerSpec(spec), {
      frames,
      objectPathOf: String,
      program: '',
      log: () => undefined,
    }),
    {
      frames,
      objectPathOf: () => more.sourcePath ?? source,
      runFolder,
      clock: systemClock,
      log: (line) => log.push(line),
    },
  );
  const pathOf = (task: SegmentTask) => join(runFolder, layout.output(task.task_key));
  return { upscaler, runFolder, pathOf, log };
}

describe('a segment', () => {
  it.each([
    { name: 'the whole clip, one lane', task: segment(), lanes: 1, pick: 'null' },
    { name: 'the whole clip, three lanes', task: segment(), lanes: 3, pick: 'null' },
    {
      name: 'a part after a key frame',
      task: segment({ first_time: 26, seek_time: 24, repeats: ones(20), first_batch: 3, end_time: 46 }),
      lanes: 2,
      pick: 'select=between(n\\,26\\,45)',
    },
  ])('is what one ffmpeg makes of it: $name', async ({ task, lanes, pick }) => {
    const { upscaler, pathOf } = rig({ lanes });
    const facts = await upscaler.run(task, quiet);
    await upscaler.stop();
    const made = await readFile(pathOf(task));
    expect(facts).toMatchObject({
      size_bytes: made.length,
      width: 192,
      height: 108,
      batch_size: 8,
      tile: 0,
      lanes,
    });
    expect(facts.sha256).toBe(createHash('sha256').update(made).digest('hex'));
    expect(facts.frames).toBe(task.repeats.reduce((sum, each) => sum + each, 0));
    expect(await pictureStream(pathOf(task))).toEqual(
      await bareStream(['-i', source], `${pick},setpts=N/24/TB,${scaling},setsar=1/1`),
    );
  });

  it('with repeats is the unique frames one after the other, each as often as it is shown', async () => {
    const { upscaler, pathOf } = rig();
    const repeats = [1, 4, 2, 1, 1, 30, 3, 1, 1, 5, 1, 2, 8];
    const task = segment({ repeats });
    const facts = await upscaler.run(task, quiet);
    await upscaler.stop();
    expect(facts).toMatchObject({ frames: 60, unique_frames: 13 });
    const raw = await runBare(['-i', source, '-vf', scaling, ...['-f', 'rawvideo', 'pipe:1']]);
    const bytes = (192 * 108 * 3) / 2;
    const shown: Buffer[] = [];
    for (const repeat of repeats) {
      const at = shown.length * bytes;
      shown.push(...new Array<Buffer>(repeat).fill(raw.subarray(at, at + bytes)));
    }
    const rawPath = join(folder, 'shown.yuv');
    await writeFile(rawPath, Buffer.concat(shown));
    const input = ['-f', 'rawvideo', '-s', '192x108', '-pix_fmt', 'yuv420p', '-r', '24', '-i', rawPath];
    expect(await pictureStream(pathOf(task))).toEqual(await bareStream(input, 'setsar=1/1'));
  });

  it('has the same bytes however many lanes there are, also when two are in flight', async () => {
    const tasks = [
      segment({ repeats: ones(24), end_time: 24 }),
      segment({ task_key: 'b'.repeat(64), first_time: 24, seek_time: 24, first_batch: 3, repeats: ones(36) }),
    ];
    const seen = new Set<string>();
    for (const lanes of [1, 2, 5]) {
      const { upscaler } = rig({ lanes });
      const both = await Promise.all(tasks.map((task) => upscaler.run(task, quiet)));
      seen.add(both.map(({ sha256 }) => sha256).join());
      await upscaler.stop();
    }
    expect(seen.size).toBe(1);
  });

  it('is right, too, when lanes are killed in the middle', async () => {
    const task = segment({ repeats: inLanes });
    const whole = rig();
    const { sha256 } = await whole.upscaler.run(task, quiet);
    await whole.upscaler.stop();
    const frames = new KillingFrames('filter_complex', 20);
    const { upscaler, log } = rig({}, { frames });
    const facts = await upscaler.run(task, quiet);
    await upscaler.stop();
    expect(facts.sha256).toBe(sha256);
    expect(frames.kills).toBe(2);
    expect(log.join('\n')).toContain('killed');
  });
});

describe('trouble', () => {
  it.each([
    { how: 'in lanes', repeats: inLanes, kept: 'filter_complex' },
    { how: 'in one program', repeats: ones(60), kept: null },
  ])('stopping in the middle leaves no process and no file: $how', async ({ repeats, kept }) => {
    const { upscaler, runFolder } = rig();
    const ending = new AbortController();
    const onProgress = () => ending.abort(new Error('enough'));
    const running = upscaler.run(segment({ repeats }), { signal: ending.signal, onProgress });
    await expect(running).rejects.toThrow('enough');
    expect(await readdir(join(runFolder, layout.outputs))).toEqual([]);
    if (kept !== null) expect(await childrenOf(kept)).not.toEqual([]);
    expect(await childrenOf('libx264')).toEqual([]);
    await upscaler.stop();
    await waitFor(async () => (await childrenOf('ffmpeg')).length === 0);
  });

  it('without ffmpeg nothing can work', async () => {
    const { upscaler } = rig({}, { frames: new FfmpegFrameTool({ ffmpeg: '/nowhere/ffmpeg' }) });
    const expected = { code: 'engine-failed', class: 'fatal' };
    await expect(upscaler.start(never)).rejects.toMatchObject(expected);
    await expect(upscaler.run(segment(), quiet)).rejects.toMatchObject(expected);
    await upscaler.stop();
  });

  it('a source that cannot be decoded fails for good', async () => {
    const broken = join(folder, 'broken.mp4');
    const bytes = await readFile(source);
    await writeFile(broken, bytes.fill(0x55, bytes.length >> 2, bytes.length >> 1));
    const { upscaler, runFolder } = rig({}, { sourcePath: broken });
    await expect(upscaler.run(segment({ repeats: ones(61) }), quiet)).rejects.toMatchObject({
      code: 'video-unreadable',
      class: 'permanent',
    });
    await upscaler.stop();
    expect(await readdir(join(runFolder, layout.outputs))).toEqual([]);
  });

  it('starts where ffmpeg is', async () => {
    const { upscaler } = rig();
    await upscaler.start(never);
    expect(upscaler.model).toBeNull();
    await upscaler.stop();
  });
});

/** The H.264 stream that one bare ffmpeg makes of an input. */
async function bareStream(input: readonly string[], filters: string): Promise<Buffer> {
  const encoding = ['-preset', 'ultrafast', '-crf', '18', '-threads', '1', '-flags:v', '+bitexact'];
  const path = join(folder, `${randomBytes(4).toString('hex')}.mp4`);
  await runBare([...input, '-vf', filters, '-fps_mode', 'passthrough', '-c:v', 'libx264', ...encoding, path]);
  return await pictureStream(path);
}

async function pictureStream(path: string): Promise<Buffer> {
  return await runBare(['-i', path, '-c', 'copy', '-f', 'h264', 'pipe:1']);
}

async function runBare(options: readonly string[]): Promise<Buffer> {
  const limits = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
  const { stdout } = await run('ffmpeg', ['-v', 'error', ...options], limits);
  return stdout;
}
