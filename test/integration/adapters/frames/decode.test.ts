import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { frameBytes } from '../../../../src/core/frames/frame-format.ts';
import { makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { clipOf, collect, decodeAll, ffmpeg, noAbort, scanAll, segmentOf, shoot } from './rig.ts';

const folder = await temporaryFolder();
const video = new FfmpegVideoTool();
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '12', '-pix_fmt', 'yuv420p'];
const openGop = [...h264, '-x264-params', 'open-gop=1:scenecut=0'];
const vfr = ['-vf', 'select=not(mod(n\\,5))+not(mod(n\\,3)),settb=1/90000,setpts=PTS+random(1)*2000'];
const uneven = [...vfr, '-enc_time_base', '1:90000', '-fps_mode', 'passthrough'];

it.each([
  { kind: 'MP4', name: 'a.mp4', options: h264 },
  { kind: 'MP4 that starts late', name: 'late.mp4', options: ['-output_ts_offset', '5', ...h264] },
  { kind: 'Matroska, whose clock is coarse', name: 'a.mkv', options: h264 },
  { kind: 'Matroska with open groups', name: 'open.mkv', options: openGop },
  { kind: 'transport stream with open groups', name: 'open.ts', options: openGop },
  {
    kind: 'transport stream whose clock wraps',
    name: 'wrap.ts',
    options: [...h264, '-output_ts_offset', '95443'],
  },
  {
    kind: 'program stream without an index',
    name: 'a.mpg',
    options: ['-c:v', 'mpeg2video', '-bf', '2', '-g', '12'],
  },
  {
    kind: 'AVI with B-frames and no times',
    name: 'a.avi',
    options: ['-c:v', 'mpeg4', '-bf', '2', '-g', '12'],
  },
  {
    kind: 'VP9 with hidden frames',
    name: 'a.webm',
    options: ['-c:v', 'libvpx-vp9', '-g', '12', '-cpu-used', '8'],
  },
  { kind: 'uneven times', name: 'vfr.mp4', options: [...uneven, ...h264] },
  { kind: '10 bits', name: 'deep.mkv', options: [...h264, '-pix_fmt', 'yuv422p10le'] },
])('gives the frames of a plain decode from every key frame: $kind', async ({ name, options }) => {
  const path = shoot(folder, name, ...options);
  const facts = await video.inspect(path);
  const { video: stream } = facts;
  const { frames } = await scanAll(path, stream);
  const times = frames.map(({ time }) => time);
  const clip = clipOf(stream);
  const bytes = frameBytes({ ...stream.size, pixelFormat: stream.pixelFormat });
  const all = decodeAll(path, stream.pixelFormat);
  const keys = [...(await video.packetIndex(path, facts)).keyTimes];
  expect(keys.length).toBeGreaterThan(1);
  for (const [index, key] of keys.entries()) {
    const first = times.findIndex((time) => time >= key);
    const next = keys[index + 1];
    const end = next === undefined ? times.length : times.findIndex((time) => time >= next);
    const segment = segmentOf(clip, times, { first, end, seekTime: key });
    const found = await collect(new FfmpegFrameTool().decode({ sourcePath: path, segment }, noAbort));
    expect(Buffer.concat(found).equals(all.subarray(first * bytes, end * bytes)), `from ${key}`).toBe(true);
  }
});

const plain = shoot(folder, 'plain.mkv', ...h264);
const { video: stream } = await video.inspect(plain);
const times = (await scanAll(plain, stream)).frames.map(({ time }) => time);
const plainFrames = decodeAll(plain, 'yuv420p');
const bytes = frameBytes({ ...stream.size, pixelFormat: 'yuv420p' });

it.each([
  { rule: 'runs of one length', repeats: Array<number>(8).fill(3) },
  { rule: 'runs of several lengths', repeats: [1, 4, 1, 1, 2, 2, 2, 7, 1, 3] },
  { rule: 'one run', repeats: [24] },
])('gives unique frames only: $rule', async ({ repeats }) => {
  const segment = segmentOf(clipOf(stream), times, { first: 12, end: 36, seekTime: times[12] ?? 0, repeats });
  const found = await collect(new FfmpegFrameTool().decode({ sourcePath: plain, segment }, noAbort));
  const firsts = repeats.map((_, run) => 12 + repeats.slice(0, run).reduce((sum, each) => sum + each, 0));
  const expected = firsts.map((frame) => plainFrames.subarray(frame * bytes, (frame + 1) * bytes));
  expect(Buffer.concat(found).equals(Buffer.concat(expected))).toBe(true);
});

it('gives unique frames of many uneven runs', async () => {
  const path = join(folder, 'long.mkv');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=32x18:r=1000:d=1.5', '-c:v', 'ffv1', path);
  const { video: facts } = await video.inspect(path);
  const repeats = Array.from({ length: 500 }, (_, run) => (run % 2 ? 4 : 2));
  const segment = segmentOf(clipOf(facts), [0], { first: 0, end: 1500, seekTime: null, repeats });
  const found = await collect(new FfmpegFrameTool().decode({ sourcePath: path, segment }, noAbort));
  expect(found).toHaveLength(500);
});

it.each([
  { rule: 'a time that is no key frame', seekTime: times[17] ?? 0 },
  { rule: 'a time after the segment', seekTime: times[33] ?? 0 },
  { rule: 'a time before the file', seekTime: -5000 },
])('finds the frames where seeking is told $rule', async ({ seekTime }) => {
  const segment = segmentOf(clipOf(stream), times, { first: 15, end: 30, seekTime });
  const found = await collect(new FfmpegFrameTool().decode({ sourcePath: plain, segment }, noAbort));
  expect(Buffer.concat(found).equals(plainFrames.subarray(15 * bytes, 30 * bytes))).toBe(true);
});

it('says so when a segment has more frames than the video, and tries from the beginning', async () => {
  const tool = new FfmpegFrameTool();
  const segment = segmentOf(clipOf(stream), times, {
    first: 24,
    end: 36,
    seekTime: times[24] ?? 0,
    repeats: Array<number>(20).fill(1),
  });
  const decode = () => collect(tool.decode({ sourcePath: plain, segment }, noAbort));
  await expect(decode()).rejects.toMatchObject({ code: 'frames-failed', isRetryable: true });
  await expect(decode()).rejects.toMatchObject({
    code: 'video-unreadable',
    message: expect.stringContaining('12 of 20 frames'),
  });
});

it.each([
  {
    rule: 'a missing source',
    path: join(folder, 'missing.mp4'),
    program: 'ffmpeg',
    code: 'video-unreadable',
  },
  { rule: 'a missing program', path: plain, program: '/missing/ffmpeg', code: 'prerequisite-missing' },
])('fails for $rule', async ({ path, program, code }) => {
  const segment = segmentOf(clipOf(stream), times, { first: 0, end: 4, seekTime: null });
  const decode = new FfmpegFrameTool({ ffmpeg: program }).decode({ sourcePath: path, segment }, noAbort);
  await expect(collect(decode)).rejects.toMatchObject({ code });
});

it('ends when aborted, with the reason of that', async () => {
  const controller = new AbortController();
  const segment = segmentOf(clipOf(stream), times, { first: 0, end: times.length, seekTime: null });
  const frames = new FfmpegFrameTool().decode({ sourcePath: plain, segment }, controller.signal);
  const reason = new Error('enough');
  await expect(async () => {
    for await (const _frame of frames) controller.abort(reason);
  }).rejects.toBe(reason);
});

it('turns frames where the clip says so', async () => {
  const path = await makeClip(join(folder, 'turned.mp4'), { width: 96, height: 54, frames: 3, rotation: 90 });
  const { video: facts } = await video.inspect(path);
  expect(facts.rotationDegrees).toBe(90);
  const segment = (changes: object) =>
    segmentOf(clipOf(facts, changes), [0], { first: 0, end: 3, seekTime: null });
  const turned = { is_turned: true, frame: { width: 54, height: 96, pixel_format: 'yuv420p' } };
  const [asStored] = await collect(
    new FfmpegFrameTool().decode({ sourcePath: path, segment: segment({}) }, noAbort),
  );
  const [asShown] = await collect(
    new FfmpegFrameTool().decode({ sourcePath: path, segment: segment(turned) }, noAbort),
  );
  const at = (frame: Uint8Array | undefined, width: number, x: number, y: number) => frame?.[y * width + x];
  expect(at(asShown, 54, 53, 0)).toBe(at(asStored, 96, 0, 0));
  expect(at(asShown, 54, 0, 95)).toBe(at(asStored, 96, 95, 53));
});

it.each([
  { range: 'tv', space: 'bt709', name: 'hd.mkv' },
  { range: 'pc', space: 'bt709', name: 'full.mkv' },
  { range: 'tv', space: 'smpte170m', name: 'sd.mkv' },
])('converts to RGB by the matrix and range of the source: $space $range', async ({ range, space, name }) => {
  const colors = ['-vf', `scale=96:54:out_color_matrix=${space}:out_range=${range},format=yuv444p`];
  const tags = [
    '-color_range',
    range,
    '-colorspace',
    space,
    '-color_primaries',
    'bt709',
    '-color_trc',
    'bt709',
  ];
  const path = join(folder, name);
  const red = ['-f', 'lavfi', '-i', 'color=0xE02010:s=96x54:d=0.1,format=rgb24'];
  ffmpeg(...red, ...colors, '-c:v', 'libx264', '-qp', '0', ...tags, path);
  const { video: facts } = await video.inspect(path);
  const frame = { width: 96, height: 54, pixel_format: 'rgb24' };
  const segment = segmentOf(clipOf(facts, { frame }), [0], { first: 0, end: 2, seekTime: null });
  const [picture] = await collect(new FfmpegFrameTool().decode({ sourcePath: path, segment }, noAbort));
  const pixel = [...(picture?.subarray(0, 3) ?? [])];
  for (const [channel, value] of [0xe0, 0x20, 0x10].entries()) {
    expect(Math.abs((pixel[channel] ?? 0) - value)).toBeLessThan(3);
  }
});

it('reads a file whose name has no ending', async () => {
  const path = join(folder, 'c'.repeat(64));
  await rename(shoot(folder, 'object.mp4', ...h264), path);
  const { video: facts } = await video.inspect(path);
  const segment = segmentOf(clipOf(facts), [0], { first: 0, end: 5, seekTime: null });
  expect(await collect(new FfmpegFrameTool().decode({ sourcePath: path, segment }, noAbort))).toHaveLength(5);
});
