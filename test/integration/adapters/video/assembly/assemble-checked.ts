import { mkdtemp, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import { assembleVideo } from '../../../../../src/adapters/video/assembly/assemble.ts';
import type { AssemblyRequest } from '../../../../../src/ports/video-tool.ts';
import { makeRequest, namesBeside, type RigOptions } from './assembly-rig.ts';
import { ffprobe, pictureHashes } from './ffmpeg-runs.ts';

/** A tiny clip, as ffmpeg's input, and how sources of it are encoded. */
export const smallClip = ['-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=24000/1001:d=1.2'];
export const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Puts a source together, and compares everything that any output must keep. */
export async function assembleChecked(source: string, outputPath: string, options: RigOptions = {}) {
  const output = basename(outputPath);
  const own = await mkdtemp(join(dirname(outputPath), 'case-'));
  const request = await makeRequest(source, join(own, output), own, options);
  const pictures = await pictureHashes(...request.segments.map(({ path }) => path));
  const verified = await assembleVideo(request, () => undefined);
  expect(await pictureHashes(request.outputPath)).toEqual(pictures);
  expect(verified.frames).toBe(request.timeline.times.length);
  expect(await namesBeside(request.outputPath)).toEqual([output]);
  expect(await readdir(join(own, 'segments'))).toEqual([]);
  const probe = await ffprobe(request.outputPath, '-show_streams', '-show_format', '-show_chapters');
  const video = probe.streams.find(({ codec_type }) => codec_type === 'video');
  if (!video) throw new Error('no video');
  await expectTimes(request, video.index, output.endsWith('.mkv') ? 1 : 1e-3);
  return { request, verified, probe, video };
}

/** Times of frames relative to each other. */
async function expectTimes(request: AssemblyRequest, index: number, toleranceMs: number) {
  const { packets } = await ffprobe(request.outputPath, '-select_streams', String(index), '-show_packets');
  const { numerator, denominator } = request.source.facts.video.timeBase;
  const wanted = [...request.timeline.times].map(
    (time) => ((time - (request.timeline.times[0] ?? 0)) * numerator) / denominator,
  );
  const found = packets.map(({ pts_time }) => Number(pts_time)).sort((a, b) => a - b);
  expect(found).toHaveLength(wanted.length);
  const errors = found.map((time, frame) => Math.abs(time - (found[0] ?? 0) - (wanted[frame] ?? 0)) * 1000);
  // ffprobe prints whole microseconds.
  expect(Math.max(...errors)).toBeLessThanOrEqual(toleranceMs + 0.0011);
}

/** How much later than the first frame the sound begins, in seconds. */
export async function soundBehindPicture(path: string): Promise<number> {
  const { packets } = await ffprobe(path, '-show_entries', 'packet=codec_type,pts_time');
  const firstOf = (type: string) =>
    Math.min(
      ...packets
        .filter((packet) => Reflect.get(packet, 'codec_type') === type)
        .map(({ pts_time }) => Number(pts_time)),
    );
  return firstOf('audio') - firstOf('video');
}
