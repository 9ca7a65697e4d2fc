import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { type FrameFilters, filterReach } from '../../../../src/core/frames/frame-filters.ts';
import type { SegmentTask } from '../../../../src/protocol/segment.ts';
import { filteredOf } from '../../../../src/services/video/segment-tasks.ts';
import { readFormat } from '../../../../src/worker/upscale/upscale-engine.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { clipOf, ffmpeg, noAbort, scanAll, segmentOf } from './rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegFrameTool();
const gopFrames = 8;

/** Two fields of different moments in each frame, with noise; a key frame at every eighth. */
function fields(name: string, ...options: readonly string[]): string {
  const path = join(folder, name);
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=50:d=1.28'];
  const drawn = ['-vf', 'interlace,noise=alls=12:allf=t:all_seed=5', '-flags', '+ilme+ildct'];
  ffmpeg(...source, ...drawn, '-g', String(gopFrames), ...options, path);
  return path;
}

const mpeg2 = fields('fields.mkv', '-c:v', 'mpeg2video', '-q:v', '2');
const deep = fields('deep.mkv', '-c:v', 'ffv1', '-pix_fmt', 'yuv422p10le');
const gray = fields('gray.mkv', '-c:v', 'ffv1', '-pix_fmt', 'gray');
const colored = fields('rgb.mkv', '-c:v', 'ffv1', '-pix_fmt', 'gbrp');

/** Segments of so many frames each, decoded from the key frames that are enough for what their filters see. */
async function segmentsOf(path: string, filters: FrameFilters, framesEach: number): Promise<SegmentTask[]> {
  const { video } = await new FfmpegVideoTool().inspect(path);
  const times = (await scanAll(path, video)).frames.map(({ time }) => time);
  const isRgb = /^(gbr|bgr|rgb)/.test(video.pixelFormat);
  const format = { ...video.size, pixel_format: isRgb ? 'yuv444p' : video.pixelFormat };
  const color = { ...clipOf(video).color, ...(isRgb && { space: 'gbr', range: 'tv' }) };
  const clip = { ...clipOf(video), filters, color, frame: format, target: format };
  const segments: SegmentTask[] = [];
  for (let first = 0; first < times.length; first += framesEach) {
    const end = Math.min(times.length, first + framesEach);
    const key = Math.max(0, Math.floor((first - filterReach(filters)) / gopFrames) * gopFrames);
    const seekTime = key === 0 ? null : (times[key] ?? null);
    const timeline = { times: Float64Array.from(times), endTime: 0, uniqueFrames: Int32Array.of(0) };
    const filtered = filteredOf({ firstFrame: first, frames: end - first }, clip, timeline);
    segments.push({
      ...segmentOf(clip, times, { first, end, seekTime }),
      ...(filtered && { filtered: { first_time: filtered.firstTime, end_time: filtered.endTime } }),
    });
  }
  return segments;
}

async function hashesOf(path: string, segments: readonly SegmentTask[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const segment of segments) {
    for await (const frame of tool.decode({ sourcePath: path, segment }, noAbort))
      hashes.push(createHash('sha256').update(frame).digest('hex'));
  }
  return hashes;
}

describe('frames of segments are those of the whole', () => {
  it.each<{ filters: FrameFilters; path: string }>([
    { filters: { deinterlace: 'auto' }, path: mpeg2 },
    { filters: { deinterlace: 'bff' }, path: mpeg2 },
    { filters: { denoise: 'light' }, path: mpeg2 },
    { filters: { deinterlace: 'tff', denoise: 'strong' }, path: mpeg2 },
    { filters: { deinterlace: 'tff', denoise: 'medium' }, path: deep },
    { filters: { denoise: 'medium' }, path: gray },
    { filters: { deinterlace: 'tff', denoise: 'medium' }, path: colored },
  ])('$filters of $path', async ({ filters, path }) => {
    const whole = await hashesOf(path, await segmentsOf(path, filters, 1_000));
    expect(whole).toHaveLength(32);
    expect(await hashesOf(path, await segmentsOf(path, filters, 9))).toEqual(whole);
    expect(whole).not.toEqual(await hashesOf(path, await segmentsOf(path, {}, 1_000)));
  });
});

it('one program that does it all makes the file that a program for each step makes', async () => {
  const segment = (await segmentsOf(mpeg2, { deinterlace: 'auto', denoise: 'medium' }, 12))[1];
  if (!segment) throw new Error('there is a second one');
  const encoding = { crf: 18, preset: 'veryfast', threads: 2, is_cpu_independent: true } as const;
  const path = join(folder, 'at-once.mp4');
  const request = { sourcePath: mpeg2, segment, path, encoding, onFrames: () => undefined };
  await tool.resample(request, noAbort);
  const byPipes = join(folder, 'by-pipes.mp4');
  const frame = readFormat(segment.clip.target);
  const sink = tool.encode({ path: byPipes, frame, clip: segment.clip, encoding }, noAbort);
  for await (const each of tool.decode({ sourcePath: mpeg2, segment }, noAbort)) await sink.write(each);
  await sink.finish();
  expect(await readFile(path)).toEqual(await readFile(byPipes));
});

it('a repeated frame is passed over after the filters have seen it', async () => {
  const [first, second] = await segmentsOf(mpeg2, { denoise: 'light' }, 12);
  if (!first || !second) throw new Error('there are two');
  const all = await hashesOf(mpeg2, [second]);
  const unique = await hashesOf(mpeg2, [{ ...second, repeats: [1, 3, 1, 7] }]);
  expect(unique).toEqual([0, 1, 4, 5].map((frame) => all[frame]));
});
