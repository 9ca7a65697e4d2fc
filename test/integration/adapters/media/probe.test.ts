import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { type ClipOptions, makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const tool = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });

interface Row {
  readonly rule: string;
  readonly name?: string;
  readonly clip: ClipOptions;
  readonly size: readonly [number, number];
  readonly frames: number;
  readonly seconds?: number;
}

const rows: readonly Row[] = [
  { rule: 'a plain clip', clip: { width: 1280, height: 720 }, size: [1280, 720], frames: 30 },
  { rule: 'a phone held upright', clip: { rotation: 90 }, size: [180, 320], frames: 30 },
  { rule: 'upside down', clip: { rotation: 180 }, size: [320, 180], frames: 30 },
  { rule: 'the other way', name: 'a.mov', clip: { rotation: 270 }, size: [180, 320], frames: 30 },
  { rule: 'PAL widescreen', clip: { width: 720, height: 576, sar: '64:45' }, size: [1024, 576], frames: 30 },
  {
    rule: 'anamorphic, in MOV',
    name: 'b.mov',
    clip: { width: 1440, height: 1080, sar: '4:3' },
    size: [1920, 1080],
    frames: 30,
  },
  { rule: 'tall samples', clip: { width: 320, height: 240, sar: '3:4' }, size: [320, 320], frames: 30 },
  {
    rule: 'odd sides',
    clip: { width: 853, height: 481, pixelFormat: 'yuv444p' },
    size: [853, 481],
    frames: 30,
  },
  { rule: 'tiny', clip: { width: 16, height: 16 }, size: [16, 16], frames: 30 },
  { rule: 'one frame', clip: { frames: 1 }, size: [320, 180], frames: 1, seconds: 1 / 30 },
  { rule: 'NTSC rate', clip: { fps: '30000/1001' }, size: [320, 180], frames: 30, seconds: 1.001 },
  { rule: 'sound first', clip: { audio: 'first' }, size: [320, 180], frames: 30 },
  { rule: '10 bits', clip: { codec: 'hevc', pixelFormat: 'yuv420p10le' }, size: [320, 180], frames: 30 },
  { rule: 'WebM', name: 'c.webm', clip: {}, size: [320, 180], frames: 30 },
  { rule: 'Matroska with sound', name: 'd.mkv', clip: { audio: true }, size: [320, 180], frames: 30 },
  { rule: 'AVI', name: 'e.avi', clip: {}, size: [320, 180], frames: 30 },
  { rule: 'GIF', name: 'f.gif', clip: { fps: 10 }, size: [320, 180], frames: 10 },
  { rule: 'ProRes in MOV', name: 'g.mov', clip: { codec: 'prores' }, size: [320, 180], frames: 30 },
  {
    rule: 'fragmented',
    clip: { outputOptions: ['-movflags', 'frag_keyframe+empty_moov'] },
    size: [320, 180],
    frames: 30,
  },
  {
    rule: 'streamed Matroska, without a length',
    name: 'h.mkv',
    clip: { outputOptions: ['-live', '1'] },
    size: [320, 180],
    frames: 30,
  },
];

describe('a video is described as it is shown', () => {
  it.each(rows)('$rule', async ({ name = 'clip.mp4', clip, size, frames, seconds = 1 }) => {
    const info = await tool.probe(await makeClip(join(folder, name), clip));
    expect([info.width, info.height, info.frames]).toEqual([...size, frames]);
    expect(info.durationSeconds).toBeCloseTo(seconds, 1);
    expect(info.frameRate).toBeCloseTo(frames / seconds, 0);
  });
});

describe('what is no readable video says so, with the file and the reason', () => {
  it.each([
    { rule: 'missing', make: async () => undefined, reason: 'it does not exist' },
    { rule: 'empty', make: (path: string) => writeFile(path, ''), reason: 'it is empty' },
    { rule: 'a folder', make: (path: string) => mkdir(path), reason: 'it is a folder' },
    {
      rule: 'text',
      make: (path: string) => writeFile(path, 'Not a video at all.\n'),
      reason: 'not a video',
    },
    {
      rule: 'random bytes',
      make: (path: string) => writeFile(path, noise(20_000)),
      reason: 'not a video',
    },
    { rule: 'cut off before its index', make: cutOff, reason: 'the index of its frames is missing' },
    { rule: 'sound only', make: soundOnly, reason: 'it holds no video' },
    { rule: 'without a frame', make: frameless, reason: 'it is damaged or not a video' },
  ])('$rule', async ({ rule, make, reason }) => {
    const path = join(folder, `bad ${rule}.mp4`);
    await make(path);
    const error = await tool.probe(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'video-unreadable', isRetryable: false });
    expect(String(error)).toContain(`bad ${rule}.mp4: `);
    expect(String(error)).toContain(reason);
    expect(error).toHaveProperty('nextStep', expect.stringMatching(/./));
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('without permission', async () => {
    const path = await makeClip(join(folder, 'secret.mp4'));
    await chmod(path, 0o000);
    await expect(tool.probe(path)).rejects.toThrow(/not allowed to read it/);
  });

  it('shows control characters in names instead of sending them to the terminal', async () => {
    await expect(tool.probe(join(folder, 'a\u001b[31m\nb.mp4'))).rejects.toThrow(/a\\u001b\[31m\\nb\.mp4/);
  });
});

it('names the program to install when ffprobe is missing', async () => {
  const programs = { ffmpeg: 'no-such-ffmpeg', ffprobe: 'no-such-ffprobe' };
  const lost = new FfmpegMediaTool({ hintFolder: folder, programs });
  const path = await makeClip(join(folder, 'healthy.mkv'));
  await expect(lost.probe(path)).rejects.toMatchObject({
    code: 'prerequisite-missing',
    message: expect.stringContaining('no-such-ffprobe'),
    nextStep: expect.stringContaining('ffmpeg'),
  });
});

it('rejects with the reason of an aborted signal', async () => {
  const path = await makeClip(join(folder, 'aborted.mkv'));
  const reason = new Error('enough');
  await expect(tool.probe(path, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const probing = tool.probe(path, controller.signal);
  controller.abort(reason);
  await expect(probing).rejects.toBe(reason);
});

async function cutOff(path: string): Promise<void> {
  const whole = await readFile(await makeClip(join(folder, 'whole.mp4')));
  await writeFile(path, whole.subarray(0, whole.indexOf('moov') - 100));
}

/** With a cover picture, which ffmpeg shows as a video stream. */
async function soundOnly(path: string): Promise<void> {
  const cover = ['-disposition:v', 'attached_pic'];
  const clip: ClipOptions = { audio: true, frames: 1, codec: 'mjpeg', outputOptions: cover };
  await writeFile(path, await readFile(await makeClip(join(folder, 'cover.m4a'), clip)));
}

async function frameless(path: string): Promise<void> {
  const filter = ['-vf', 'select=0'];
  await writeFile(path, await readFile(await makeClip(join(folder, 'none.mkv'), { outputOptions: filter })));
}

/** The same bytes each time, from a linear congruential generator. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[at] = state >> 16;
  }
  return bytes;
}
