import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import type { PartRequest } from '../../../../src/ports/video-tool.ts';
import type { SegmentTask } from '../../../../src/protocol/segment.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { ffmpeg, noAbort } from '../frames/rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegVideoTool();
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '24', '-pix_fmt', 'yuv420p'];

describe('a part of a video', () => {
  it.each([
    { name: 'open.mp4', codec: [...h264, '-x264-params', 'open-gop=1:bframes=3:keyint=24'] },
    { name: 'closed.mkv', codec: [...h264, '-bf', '3'] },
    { name: 'stream.ts', codec: [...h264, '-x264-params', 'open-gop=1:bframes=3'] },
    { name: 'vp9.webm', codec: ['-c:v', 'libvpx-vp9', '-cpu-used', '8', '-g', '24'] },
    {
      name: 'hevc.mp4',
      codec: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=24:log-level=none'],
    },
    { name: 'all-keys.mov', codec: ['-c:v', 'prores_ks'] },
  ])('gives the same frames as the whole: $name', async ({ name, codec }) => {
    const sourcePath = join(folder, name);
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=24000/1001', '-frames:v', '120', ...codec, sourcePath);
    const request = await requestFor(sourcePath, 50, 40);
    const part = await tool.cutPart(request, noAbort);
    if (part === null) throw new Error('it could not be cut');
    const task = taskOf(request);
    const scaled = (time: number | null) => (time === null ? null : time * part.ticks);
    const ofPart: SegmentTask = {
      ...task,
      clip: { ...task.clip, stream: 0, time_base: part.timeBase },
      seek_time: null,
      first_time: scaled(task.first_time),
      end_time: scaled(task.end_time),
    };
    const whole = await framesOf(sourcePath, task);
    expect(whole).toHaveLength(40);
    expect(await framesOf(request.target, ofPart)).toEqual(whole);
    const share = (await stat(request.target)).size / (await stat(sourcePath)).size;
    expect(share).toBeLessThan(0.85);
  });

  it('is none where frames are missing, or where there is nothing to decode them from', async () => {
    const sourcePath = join(folder, 'film.mp4');
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=24', '-frames:v', '96', ...h264, sourcePath);
    const request = await requestFor(sourcePath, 30, 20);
    expect(await tool.cutPart(request, noAbort)).not.toBeNull();
    expect(await tool.cutPart({ ...request, frames: 21 }, noAbort)).toBeNull();
    expect(await tool.cutPart({ ...request, seekTime: request.endTime }, noAbort)).toBeNull();
    expect(await tool.cutPart({ ...request, stream: 7 }, noAbort)).toBeNull();
  });
});

/** Asks for so many frames from the one of this number on. */
async function requestFor(sourcePath: string, first: number, frames: number): Promise<PartRequest> {
  const facts = await tool.inspect(sourcePath);
  const times: number[] = [];
  const options = { withPictures: false, keepGoing: false };
  for await (const { time } of tool.scan(sourcePath, facts.video, options)) times.push(time);
  const firstTime = times[first] ?? 0;
  const { keyTimes } = await tool.packetIndex(sourcePath, facts);
  return {
    ...{ sourcePath, stream: facts.video.index, timeBase: facts.video.timeBase, frames, firstTime },
    seekTime: [...keyTimes].findLast((time) => time <= firstTime) ?? null,
    endTime: times[first + frames] ?? null,
    target: join(folder, 'parts', 'part.nut'),
  };
}

function taskOf({ stream, timeBase, seekTime, firstTime, endTime, frames }: PartRequest): SegmentTask {
  const format = { width: 160, height: 90, pixel_format: 'yuv420p' };
  return {
    ...{ task_key: 'a'.repeat(64), name: 'segment 0', segment_id: 0, first_batch: 0 },
    clip: {
      ...{ source: 'b'.repeat(64), stream, is_turned: false, frame: format, target: format },
      ...{ frame_rate: { numerator: 24, denominator: 1 }, time_base: { ...timeBase } },
      sample_aspect: { numerator: 1, denominator: 1 },
      color: { range: 'tv', space: null, primaries: null, transfer: null, chroma_location: null },
    },
    ...{ seek_time: seekTime, first_time: firstTime, end_time: endTime },
    repeats: Array.from({ length: frames }, () => 1),
  };
}

async function framesOf(sourcePath: string, segment: SegmentTask): Promise<string[]> {
  const hashes: string[] = [];
  for await (const frame of new FfmpegFrameTool().decode({ sourcePath, segment }, noAbort))
    hashes.push(createHash('sha256').update(frame).digest('hex'));
  return hashes;
}
