import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { frameBytes } from '../../../../src/core/frames/frame-format.ts';
import type { Clip } from '../../../../src/protocol/segment.ts';
import { SmallDisk, smallDiskSkipReason } from '../../../support/small-disk.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { decodeAll, ffmpeg, noAbort, scanAll, tagLikeBytes } from './rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegFrameTool();
const encoding = { crf: 18, preset: 'veryfast', threads: 2 } as const;

function clip(pixelFormat: string, changes: Partial<Clip> = {}): Clip {
  const format = { width: 96, height: 54, pixel_format: pixelFormat };
  return {
    source: 'a'.repeat(64),
    stream: 0,
    is_turned: false,
    frame: format,
    target: format,
    frame_rate: { numerator: 24000, denominator: 1001 },
    time_base: { numerator: 1, denominator: 24000 },
    sample_aspect: { numerator: 1, denominator: 1 },
    color: { range: 'tv', space: 'bt709', primaries: 'bt709', transfer: 'bt709', chroma_location: 'left' },
    ...changes,
  };
}

/** Frames of a moving test picture in a pixel format. */
function picture(pixelFormat: string, frames: number): Buffer[] {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=24', '-frames:v', String(frames)];
  const all = ffmpeg(...source, '-pix_fmt', pixelFormat, '-f', 'rawvideo', '-');
  const bytes = frameBytes({ width: 96, height: 54, pixelFormat: pixelFormat.replace('yuvj', 'yuv') });
  return Array.from({ length: frames }, (_, frame) => all.subarray(frame * bytes, (frame + 1) * bytes));
}

async function encode(
  name: string,
  target: Clip,
  frames: readonly Uint8Array[],
  inputFormat?: string,
): Promise<string> {
  const path = join(folder, name);
  const pixelFormat = inputFormat ?? target.target.pixel_format;
  const sink = tool.encode(
    { path, frame: { width: 96, height: 54, pixelFormat }, clip: target, encoding },
    noAbort,
  );
  for (const frame of frames) await sink.write(frame);
  await sink.finish();
  return path;
}

const stream = async (path: string) => (await new FfmpegVideoTool().inspect(path)).video;

it('keeps frames at even times, with one key frame, tags and the shape of pixels', async () => {
  const wide = clip('yuv420p', { sample_aspect: { numerator: 4, denominator: 3 } });
  const path = await encode('a.mp4', wide, picture('yuv420p', 12));
  const facts = await stream(path);
  expect(facts).toMatchObject({
    codec: 'h264',
    size: { width: 96, height: 54 },
    pixelFormat: 'yuv420p',
    timeBase: { numerator: 1, denominator: 24000 },
    sampleAspect: { numerator: 4, denominator: 3 },
    color: { range: 'tv', space: 'bt709', primaries: 'bt709', transfer: 'bt709', chromaLocation: 'left' },
  });
  const { frames } = await scanAll(path, facts);
  expect(frames.map(({ time }) => time)).toEqual(Array.from({ length: 12 }, (_, frame) => frame * 1001));
  const video = new FfmpegVideoTool();
  expect([...(await video.packetIndex(path, await video.inspect(path))).keyTimes]).toEqual([0]);
});

it.each([
  { format: 'yuv422p', read: 'yuv422p' },
  { format: 'yuv420p10le', read: 'yuv420p10le' },
  { format: 'yuv444p10le', read: 'yuv444p10le' },
  // Decoders show H.264 without chroma as if it had some.
  { format: 'gray', read: 'yuv420p' },
])('keeps depth and sampling: $format', async ({ format, read }) => {
  const frames = picture(format, 2);
  const path = await encode(`${format}.mp4`, clip(format), frames);
  expect((await stream(path)).pixelFormat).toBe(read);
  const luma = format === 'gray' ? ['-vf', 'extractplanes=y'] : [];
  const found = decodeAll(path, format, ...luma);
  expect(psnr(found, Buffer.concat(frames), format.endsWith('10le') ? 2 : 1)).toBeGreaterThan(35);
});

it('keeps values of the full range as they are', async () => {
  const frames = picture('yuvj420p', 2);
  const full = clip('yuv420p', { color: { ...clip('yuv420p').color, range: 'pc' } });
  const path = await encode('full.mp4', full, frames);
  expect((await stream(path)).color.range).toBe('pc');
  expect(psnr(decodeAll(path, 'yuvj420p'), Buffer.concat(frames), 1)).toBeGreaterThan(35);
});

it.each([
  {
    rule: 'wide colours of 10 bits',
    color: { space: 'bt2020nc', primaries: 'bt2020', transfer: 'smpte2084' },
  },
  { rule: 'television of old', color: { space: 'bt470bg', primaries: 'bt470bg', transfer: 'bt470bg' } },
  { rule: 'the web', color: { space: 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1' } },
  { rule: 'nothing', color: { range: null, space: null, primaries: null, transfer: null } },
])('keeps the tags of $rule', async ({ rule, color }) => {
  const tagged = clip('yuv420p', { color: { ...clip('yuv420p').color, ...color } });
  const path = await encode(`${rule.replaceAll(' ', '-')}.mp4`, tagged, picture('yuv420p', 1));
  expect((await stream(path)).color).toMatchObject(color);
});

it.each([
  { rule: 'as tagged', space: 'bt709', matrix: 'bt709' },
  { rule: 'as players expect of an RGB source', space: 'gbr', matrix: 'smpte170m' },
])('converts RGB by the matrix that players use: $rule', async ({ rule, space, matrix }) => {
  const target = clip('yuv444p', { color: { ...clip('yuv444p').color, space } });
  const red = Buffer.alloc(96 * 54 * 3);
  for (let at = 0; at < red.length; at += 3) red.set([0xe0, 0x20, 0x10], at);
  const path = await encode(`rgb-${rule.length}.mp4`, target, [red, red], 'rgb24');
  expect((await stream(path)).color).toMatchObject({ space: matrix, range: 'tv' });
  const back = [
    '-vf',
    `scale=in_color_matrix=${matrix}:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24`,
  ];
  const pixel = [...decodeAll(path, 'rgb24', ...back).subarray(0, 3)];
  for (const [channel, value] of [0xe0, 0x20, 0x10].entries()) {
    expect(Math.abs((pixel[channel] ?? 0) - value)).toBeLessThan(4);
  }
});

it('resizes frames that are not of the target size', async () => {
  const target = clip('yuv420p', { target: { width: 98, height: 56, pixel_format: 'yuv420p' } });
  const path = await encode('resized.mp4', target, picture('yuv420p', 2));
  expect((await stream(path)).size).toEqual({ width: 98, height: 56 });
});

it('makes the same bytes of the same frames', async () => {
  const frames = picture('yuv420p', 10);
  const files = [];
  for (const name of ['first.mp4', 'second.mp4']) {
    files.push(await readFile(await encode(name, clip('yuv420p'), frames)));
  }
  expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
});

it('fails when nothing was written, and when the folder is gone', async () => {
  await expect(encode('empty.mp4', clip('yuv420p'), [])).rejects.toMatchObject({ code: 'frames-failed' });
  await expect(encode('missing/a.mp4', clip('yuv420p'), picture('yuv420p', 1))).rejects.toMatchObject({
    code: 'frames-failed',
    message: expect.stringContaining('No such file or directory'),
  });
});

it('fails when the program dies between frames', async () => {
  const controller = new AbortController();
  const path = join(folder, 'aborted.mp4');
  const frame = { width: 96, height: 54, pixelFormat: 'yuv420p' };
  const sink = tool.encode({ path, frame, clip: clip('yuv420p'), encoding }, controller.signal);
  const [first = Buffer.alloc(0)] = picture('yuv420p', 1);
  await sink.write(first);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(sink.write(first)).rejects.toBe(reason);
  await expect(sink.finish()).rejects.toBe(reason);
  await rm(path, { force: true });
});

const noDisk = smallDiskSkipReason();
it.skipIf(noDisk !== null)('tells a full disk from other failures', async () => {
  using disk = new SmallDisk(join(folder, 'disk'), 1);
  disk.fill();
  const path = join(disk.folder, 'a.mp4');
  const frame = { width: 96, height: 54, pixelFormat: 'yuv420p' };
  const encodeAll = async () => {
    const sink = tool.encode({ path, frame, clip: clip('yuv420p'), encoding }, noAbort);
    for (const each of picture('yuv420p', 60)) await sink.write(each);
    await sink.finish();
  };
  await expect(encodeAll()).rejects.toMatchObject({ code: 'disk-full' });
});

function psnr(found: Buffer, wanted: Buffer, bytesPerSample: 1 | 2): number {
  expect(found.length).toBe(wanted.length);
  const sample = (bytes: Buffer, at: number) =>
    bytesPerSample === 1 ? (bytes[at] ?? 0) : bytes.readUInt16LE(at);
  let sum = 0;
  for (let at = 0; at < wanted.length; at += bytesPerSample)
    sum += (sample(found, at) - sample(wanted, at)) ** 2;
  const peak = bytesPerSample === 1 ? 255 : 1023;
  return 10 * Math.log10((peak * peak) / Math.max(1e-9, sum / (wanted.length / bytesPerSample)));
}

it.each([
  { name: 'none', first: [] },
  { name: 'pixels like an ID3 tag', first: tagLikeBytes },
])('keeps the first frame, whatever begins it: $name', async ({ first }) => {
  const small = { width: 16, height: 16, pixel_format: 'yuv444p' };
  const target = clip('yuv444p', { frame: small, target: small });
  const path = join(folder, `first-${first.length}.mp4`);
  const frame = { width: 16, height: 16, pixelFormat: 'yuv444p' };
  const exact = { crf: 0, preset: 'ultrafast', threads: 1 } as const;
  const sink = tool.encode({ path, frame, clip: target, encoding: exact }, noAbort);
  const frames = [90, 120, 150].map((fill) => Buffer.alloc(frameBytes(frame), fill));
  frames[0]?.set(first);
  for (const each of frames) await sink.write(each);
  await sink.finish();
  expect(decodeAll(path, 'yuv444p').equals(Buffer.concat(frames))).toBe(true);
  const facts = await stream(path);
  expect((await scanAll(path, facts)).frames.map(({ time }) => time)).toEqual([0, 1001, 2002]);
});

it('encodes frames smaller than what is looked at for a tag', async () => {
  const small = { width: 2, height: 2, pixel_format: 'yuv420p' };
  const path = join(folder, 'tiny.mp4');
  const sink = tool.encode(
    {
      path,
      frame: { width: 2, height: 2, pixelFormat: 'yuv420p' },
      clip: clip('yuv420p', { frame: small, target: small }),
      encoding,
    },
    noAbort,
  );
  for (const fill of [90, 120, 150]) await sink.write(Buffer.alloc(6, fill));
  await sink.finish();
  const facts = await stream(path);
  expect((await scanAll(path, facts)).frames.map(({ time }) => time)).toEqual([0, 1001, 2002]);
});
