import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { scaledSize } from '../../../../src/core/frames/target-size.ts';
import type { SegmentTask } from '../../../../src/protocol/segment.ts';
import { readFormat } from '../../../../src/worker/upscale/upscale-engine.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { clipOf, noAbort, scanAll, segmentOf, shoot } from './rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegFrameTool();
const encoding = { crf: 18, preset: 'veryfast', threads: 2, is_cpu_independent: true } as const;

/** The file that decoding, scaling and encoding by a program each makes. */
async function byPipes(sourcePath: string, segment: SegmentTask): Promise<Buffer> {
  const { clip } = segment;
  const to = readFormat(clip.target);
  const scaling = tool.startScaling(readFormat(clip.frame), to, clip, noAbort);
  const path = join(folder, 'by-pipes.mp4');
  const sink = tool.encode({ path, frame: to, clip, encoding }, noAbort);
  for await (const frame of tool.decode({ sourcePath, segment }, noAbort)) {
    for (const scaled of await scaling.filter([frame])) await sink.write(scaled);
  }
  await scaling.close();
  await sink.finish();
  return await readFile(path);
}

async function atOnce(sourcePath: string, segment: SegmentTask, onFrames = (_done: number) => undefined) {
  const path = join(folder, 'at-once.mp4');
  await tool.resample({ sourcePath, segment, path, encoding, onFrames }, noAbort);
  return await readFile(path);
}

/** A video, and the segment of its frames from `first` on. */
async function segmentIn(
  path: string,
  first = 0,
  seekFrame: number | null = null,
  scale = 2,
): Promise<SegmentTask> {
  const { video } = await new FfmpegVideoTool().inspect(path);
  const { frames } = await scanAll(path, video);
  const times = frames.map(({ time }) => time ?? 0);
  const clip = clipOf(video);
  const frame = { ...clip.frame, pixel_format: clip.frame.pixel_format.replace('yuvj', 'yuv') };
  const target = { ...frame, ...scaledSize(clip.frame, scale, frame.pixel_format) };
  const range = {
    first,
    end: times.length,
    seekTime: seekFrame === null ? null : (times[seekFrame] ?? null),
  };
  return segmentOf({ ...clip, frame, target }, times, range);
}

it.each([
  ['420.mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']],
  ['444-10.mkv', ['-c:v', 'libx264', '-pix_fmt', 'yuv444p10le']],
  ['full.mkv', ['-c:v', 'libx264', '-pix_fmt', 'yuvj420p', '-color_range', 'pc']],
  ['gray.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'gray']],
  ['422.mkv', ['-c:v', 'mpeg2video', '-pix_fmt', 'yuv422p', '-colorspace', 'bt709']],
  [
    'uneven.mkv',
    ['-vf', "select='not(between(n,10,30)*mod(n,2))'", '-fps_mode', 'passthrough', '-pix_fmt', 'yuv420p'],
  ],
])('a segment of %s is the same file as by a program for each step', async (name, options) => {
  const path = shoot(folder, name, ...options);
  const segment = await segmentIn(path);
  expect(await atOnce(path, segment)).toEqual(await byPipes(path, segment));
});

it('a segment from the middle is the same, and says how far it is', async () => {
  const path = shoot(folder, 'middle.mp4', '-c:v', 'libx264', '-g', '12', '-pix_fmt', 'yuv420p');
  const segment = await segmentIn(path, 12, 12);
  const said: number[] = [];
  const made = await atOnce(path, segment, (done) => void said.push(done));
  expect(made).toEqual(await byPipes(path, segment));
  expect(said.at(-1)).toBe(segment.repeats.length);
});

it.each([1.5, 2.25, 0.75, 1])('a segment of %s times the size is the same', async (scale) => {
  const path = shoot(folder, 'any.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-frames:v', '12');
  const segment = await segmentIn(path, 0, null, scale);
  expect(await atOnce(path, segment)).toEqual(await byPipes(path, segment));
});

it('a key frame that is not where it was said to be costs another attempt, and no frame', async () => {
  const path = shoot(folder, 'misled.mp4', '-c:v', 'libx264', '-g', '12', '-pix_fmt', 'yuv420p');
  const segment = await segmentIn(path, 12, 24);
  expect(await atOnce(path, segment)).toEqual(await byPipes(path, { ...segment, seek_time: null }));
});

it('a file that has not as many frames is unreadable', async () => {
  const path = shoot(folder, 'short.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p');
  const segment = await segmentIn(path);
  const longer = { ...segment, repeats: [...segment.repeats, 1] };
  await expect(atOnce(path, longer)).rejects.toMatchObject({ code: 'video-unreadable' });
});

it('damage that was not looked for before is found, whichever way the segment is made', async () => {
  const path = shoot(folder, 'damaged.mkv', '-c:v', 'libx264', '-bf', '0', '-g', '36', '-pix_fmt', 'yuv420p');
  const segment = await segmentIn(path);
  const { video } = await new FfmpegVideoTool().inspect(path);
  const bytes = await readFile(path);
  for (let at = Math.floor(bytes.length * 0.6); at < bytes.length * 0.65; at += 7) bytes[at] = 0x55;
  await writeFile(path, bytes);
  const { frames } = await scanAll(path, video, { withPictures: false, keepGoing: true });
  const repeats = frames.map(() => 1);
  const checked = { ...segment, end_time: null, repeats };
  const unchecked = { ...checked, clip: { ...segment.clip, is_unchecked: true as const } };
  const found = {
    code: 'video-unreadable',
    message: expect.stringContaining('is damaged after second 0.000'),
  };
  await atOnce(path, checked);
  await expect(atOnce(path, unchecked)).rejects.toMatchObject(found);
  await byPipes(path, checked);
  await expect(byPipes(path, unchecked)).rejects.toMatchObject(found);
});
