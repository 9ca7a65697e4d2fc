import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { fitInside } from '../../../../src/core/hints/display-size.ts';
import type { HintFile, RgbFrame } from '../../../../src/ports/media-tool.ts';
import { type ClipOptions, makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const run = promisify(execFile);
const folder = await temporaryFolder();
const hintFolder = join(folder, 'hints');
const tool = new FfmpegMediaTool({ hintFolder });

async function hintOf(
  path: string,
  changes: { frames?: number; fps?: number; asIs?: boolean } = {},
): Promise<HintFile> {
  const video = await tool.probe(path);
  const size = changes.asIs
    ? { width: video.width, height: video.height }
    : fitInside(video, { width: 320, height: 180 });
  return await tool.makeHint({
    sourcePath: path,
    video,
    size,
    frames: changes.frames ?? 2,
    fps: changes.fps ?? 2,
  });
}

interface Row {
  readonly rule: string;
  readonly name?: string;
  readonly clip: ClipOptions;
  readonly size: readonly [number, number];
  readonly frames?: number;
}

const rows: readonly Row[] = [
  { rule: '16:9 fills the box', clip: { width: 1920, height: 1080 }, size: [320, 180] },
  { rule: 'portrait', clip: { width: 1080, height: 1920 }, size: [100, 180] },
  { rule: '4:3', clip: { width: 640, height: 480 }, size: [240, 180] },
  { rule: 'anamorphic', clip: { width: 720, height: 576, sar: '64:45' }, size: [320, 180] },
  { rule: 'rotated', clip: { width: 640, height: 360, rotation: 90 }, size: [100, 180] },
  { rule: 'odd sides', clip: { width: 853, height: 481, pixelFormat: 'yuv444p' }, size: [318, 180] },
  { rule: 'tiny', clip: { width: 16, height: 16 }, size: [16, 16] },
  { rule: 'one frame gives one', clip: { frames: 1 }, size: [320, 180], frames: 1 },
  { rule: 'two frames give both', clip: { frames: 2 }, size: [320, 180] },
  { rule: 'a third of a second gives two', clip: { seconds: 0.3 }, size: [320, 180] },
  { rule: 'half a second gives two', clip: { seconds: 0.5 }, size: [320, 180] },
  { rule: 'one frame a second', clip: { seconds: 3, fps: 1 }, size: [320, 180] },
  { rule: '10 bits', clip: { codec: 'hevc', pixelFormat: 'yuv420p10le' }, size: [320, 180] },
  { rule: 'sound first', clip: { audio: 'first' }, size: [320, 180] },
  { rule: 'frames that refer to later ones', clip: { codec: 'h264bframes' }, size: [320, 180] },
  { rule: 'WebM', name: 'a.webm', clip: { seconds: 0.7 }, size: [320, 180] },
  { rule: 'short Matroska', name: 'b.mkv', clip: { frames: 3, audio: 'first' }, size: [320, 180] },
  { rule: 'GIF', name: 'c.gif', clip: { width: 400, height: 400, fps: 10 }, size: [180, 180] },
  { rule: 'MOV', name: 'd.mov', clip: { codec: 'prores' }, size: [320, 180] },
  { rule: 'AVI', name: 'e.avi', clip: {}, size: [320, 180] },
];

describe('a hint holds two different frames inside the box', () => {
  it.each(rows)('$rule', async ({ name = 'clip.mp4', clip, size, frames = 2 }) => {
    const hint = await hintOf(await makeClip(join(folder, name), clip));
    expect([hint.width, hint.height, hint.frames]).toEqual([...size, frames]);
    const jpegs = await tool.readJpegFrames(hint.path);
    const pictures = await tool.readRgbFrames(hint.path);
    expect([jpegs.length, pictures.length]).toEqual([frames, frames]);
    for (const { width, height, data } of pictures)
      expect([width, height, data.length]).toEqual([...size, size[0] * size[1] * 3]);
    expect(new Set(jpegs.map((jpeg) => Buffer.from(jpeg).toString('base64'))).size).toBe(frames);
  });
});

describe('the frames are the right ones', () => {
  it('are those at 0 and 0.5 s', async () => {
    const path = await makeClip(join(folder, 'timed.mp4'), { width: 640, height: 360, seconds: 2 });
    const frames = await tool.readRgbFrames((await hintOf(path)).path);
    for (const [index, seconds] of [0, 0.5].entries()) {
      expect(difference(frames[index], await referenceFrame(path, seconds))).toBeLessThan(4);
    }
    expect(difference(frames[1], await referenceFrame(path, 0.4))).toBeGreaterThan(4);
  });

  it.each([
    { rule: 'red', pattern: 'red', rgb: [254, 0, 0] },
    { rule: 'green', pattern: 'green', rgb: [0, 128, 0] },
    { rule: 'white', pattern: 'white', rgb: [255, 255, 255] },
    { rule: 'black', pattern: 'black', rgb: [0, 0, 0] },
  ] as const)('keep their colours: $rule', async ({ pattern, rgb }) => {
    const path = await makeClip(join(folder, `${pattern}.mp4`), { pattern, width: 640, height: 360 });
    const [frame] = await tool.readRgbFrames((await hintOf(path)).path);
    const middle = frame?.data.subarray((90 * 320 + 160) * 3, (90 * 320 + 160) * 3 + 3) ?? [];
    for (const [index, value] of rgb.entries())
      expect(Math.abs((middle[index] ?? 999) - value)).toBeLessThanOrEqual(3);
  });

  it('are turned the way a player turns them', async () => {
    const bars = { pattern: 'bars', width: 640, height: 360 } as const;
    const upright = await makeClip(join(folder, 'bars.mp4'), bars);
    const turned = await makeClip(join(folder, 'turned.mp4'), { ...bars, rotation: 90 });
    const [flat] = await tool.readRgbFrames((await hintOf(upright, { asIs: true })).path);
    const [tall] = await tool.readRgbFrames((await hintOf(turned, { asIs: true })).path);
    expect([tall?.width, tall?.height]).toEqual([360, 640]);
    // Clockwise: what was at the bottom left is at the top left.
    expect(colourAt(tall, 20, 10)).toEqual(colourAt(flat, 10, 339));
  });

  it('are as many as asked for, as far as there are any', async () => {
    const path = await makeClip(join(folder, 'many.mp4'), { seconds: 2 });
    expect((await hintOf(path, { frames: 5, fps: 4 })).frames).toBe(5);
    expect((await hintOf(path, { frames: 200, fps: 2 })).frames).toBe(60);
  });
});

describe('bars', () => {
  it.each([
    { rule: 'above and below', name: 'ribbon.mp4', clip: [320, 20], frame: [320, 28], picture: [320, 20] },
    { rule: 'beside', name: 'tower.mkv', clip: [20, 320], frame: [28, 320], picture: [20, 320] },
    { rule: 'all around', name: 'stamp.gif', clip: [8, 8], frame: [28, 28], picture: [8, 8] },
    {
      rule: 'around odd sides',
      name: 'odd-stamp.avi',
      clip: [15, 201],
      frame: [28, 202],
      picture: [15, 201],
    },
    {
      rule: 'around a smaller picture',
      name: 'wide.mp4',
      clip: [960, 60],
      frame: [320, 28],
      picture: [320, 20],
    },
  ] as const)('make a frame as large as is wanted: $rule', async ({ name, clip, frame, picture }) => {
    const [width, height] = clip;
    const sourcePath = await makeClip(join(folder, name), {
      pattern: 'white',
      width,
      height,
      codec: codecFor(name),
    });
    const video = await tool.probe(sourcePath);
    const size = { ...sizeOf(frame), picture: sizeOf(picture) };
    const hint = await tool.makeHint({ sourcePath, video, size, frames: 2, fps: 2 });
    expect([hint.width, hint.height, hint.frames]).toEqual([...frame, 2]);
    const [shown] = await tool.readRgbFrames(hint.path);
    expect(colourAt(shown, Math.floor(frame[0] / 2), Math.floor(frame[1] / 2))).toEqual([8, 8, 8]);
    const corners = [colourAt(shown, 0, 0), colourAt(shown, frame[0] - 1, frame[1] - 1)];
    expect(corners).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('the file', () => {
  it('is Motion JPEG in MP4 with the rate asked for', async () => {
    const hint = await hintOf(await makeClip(join(folder, 'probe-me.mp4'), { seconds: 2 }));
    const entries = 'stream=codec_name,width,height,sample_aspect_ratio,r_frame_rate,nb_frames,color_range';
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      entries,
      '-of',
      'json',
      hint.path,
    ]);
    expect(JSON.parse(stdout).streams).toEqual([
      {
        codec_name: 'mjpeg',
        width: 320,
        height: 180,
        sample_aspect_ratio: '1:1',
        r_frame_rate: '2/1',
        nb_frames: '2',
        color_range: 'pc',
      },
    ]);
  });

  it('is the same bytes each time', async () => {
    const path = await makeClip(join(folder, 'twice.mp4'), { pattern: 'noise' });
    const [first, second] = await Promise.all([hintOf(path), hintOf(path)]);
    expect(first.path).not.toBe(second.path);
    expect(first.sha256).toBe(second.sha256);
    expect(await readFile(first.path)).toEqual(await readFile(second.path));
    expect((await readFile(first.path)).length).toBe(first.sizeBytes);
  });

  it('has the size of the video where that was asked for, odd sides too', async () => {
    const clip = { width: 255, height: 143, pixelFormat: 'yuv444p' };
    const hint = await hintOf(await makeClip(join(folder, 'odd.mp4'), clip), { asIs: true });
    expect([hint.width, hint.height, hint.frames]).toEqual([255, 143, 2]);
    expect((await tool.readRgbFrames(hint.path))[1]).toMatchObject({ width: 255, height: 143 });
  });
});

describe('what cannot become a hint', () => {
  it('is cut off after some frames: those count', async () => {
    const path = await makeClip(join(folder, 'cut.mp4'), {
      seconds: 2,
      outputOptions: ['-movflags', '+faststart'],
    });
    const video = await tool.probe(path);
    await truncate(path, Math.floor((await readFile(path)).length * 0.6));
    const hint = await tool.makeHint({
      sourcePath: path,
      video,
      size: { width: 320, height: 180 },
      frames: 2,
      fps: 2,
    });
    expect(hint.frames).toBe(2);
  });

  it('has an index but no picture: video-unreadable, and nothing is left behind', async () => {
    const path = await makeClip(join(folder, 'blank.mp4'), { outputOptions: ['-movflags', '+faststart'] });
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0, bytes.indexOf('mdat') + 4));
    const before = await readdir(hintFolder);
    await expect(hintOf(path)).rejects.toMatchObject({ code: 'video-unreadable' });
    expect(await readdir(hintFolder)).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')(
    'takes too long: hint-failed, and nothing is left behind',
    async () => {
      const { programs } = await endlessFfmpeg('hasty');
      const hasty = new FfmpegMediaTool({ hintFolder: join(folder, 'hasty'), timeoutMs: 100, programs });
      const path = await makeClip(join(folder, 'slow.mp4'));
      const video = await tool.probe(path);
      const request = { sourcePath: path, video, size: { width: 320, height: 180 }, frames: 2, fps: 2 };
      await expect(hasty.makeHint(request)).rejects.toMatchObject({ code: 'hint-failed' });
      expect(await readdir(join(folder, 'hasty'))).toEqual([]);
    },
  );

  it.skipIf(process.platform === 'win32')('is aborted: the reason, and nothing is left behind', async () => {
    const { programs, hasBegun } = await endlessFfmpeg('stopped');
    const stopped = new FfmpegMediaTool({ hintFolder: join(folder, 'stopped'), programs });
    const path = await makeClip(join(folder, 'stop.mp4'), { seconds: 2 });
    const video = await tool.probe(path);
    const request = { sourcePath: path, video, size: { width: 320, height: 180 }, frames: 2, fps: 2 };
    const reason = new Error('enough');
    const controller = new AbortController();
    const making = expect(stopped.makeHint(request, controller.signal)).rejects.toBe(reason);
    await waitFor(hasBegun);
    controller.abort(reason);
    await making;
    expect(await readdir(join(folder, 'stopped'))).toEqual([]);
  });

  // A stand-in for ffmpeg on a full disk: ffmpeg 5 complains and ends well all the same, later ones do not.
  it.skipIf(process.platform === 'win32').each([0, 228])(
    'finds the disk full (exit code %i): disk-full',
    async (code) => {
      const shim = join(folder, `full-ffmpeg-${code}`);
      const message = 'Error writing trailer of file:x.mp4: No space left on device';
      await writeFile(shim, `#!/bin/sh\necho '${message}' >&2\nexit ${code}\n`, { mode: 0o755 });
      const full = new FfmpegMediaTool({ hintFolder, programs: { ffmpeg: shim, ffprobe: 'ffprobe' } });
      const path = await makeClip(join(folder, 'full.mp4'));
      const video = await tool.probe(path);
      const request = { sourcePath: path, video, size: { width: 320, height: 180 }, frames: 2, fps: 2 };
      await expect(full.makeHint(request)).rejects.toMatchObject({ code: 'disk-full', isRetryable: true });
    },
  );
});

/** The frame at a time, scaled and decoded by ffmpeg alone. */
async function referenceFrame(path: string, seconds: number): Promise<Buffer> {
  const output = [
    '-frames:v',
    '1',
    '-vf',
    'scale=320:180:flags=lanczos',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    '-',
  ];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-ss', String(seconds), '-i', path, ...output], {
    encoding: 'buffer',
    maxBuffer: 10_000_000,
  });
  return stdout;
}

/** Mean absolute difference of the samples, 0 to 255. */
function difference(frame: RgbFrame | undefined, reference: Buffer): number {
  const samples = Array.from(frame?.data ?? []);
  expect(samples.length).toBe(reference.length);
  return samples.reduce((sum, value, at) => sum + Math.abs(value - (reference[at] ?? 0)), 0) / samples.length;
}

function sizeOf([width, height]: readonly [number, number]) {
  return { width, height };
}

/** Of containers whose usual codec has no odd or very small sides. */
function codecFor(name: string): NonNullable<ClipOptions['codec']> {
  if (name.endsWith('.gif')) return 'gif';
  return name.endsWith('.avi') ? 'mjpeg' : 'h264';
}

/** Coarse, so that compression does not matter. */
function colourAt(frame: RgbFrame | undefined, x: number, y: number): number[] {
  const at = (y * (frame?.width ?? 0) + x) * 3;
  return Array.from(frame?.data.subarray(at, at + 3) ?? [], (value) => Math.round(value / 32));
}

/** A stand-in for ffmpeg that begins to write its output, and never comes to an end. */
async function endlessFfmpeg(name: string) {
  const [shim, begun] = [join(folder, `${name}-ffmpeg`), join(folder, `${name}-begun`)];
  const script = `#!/bin/sh\nfor output; do :; done\necho half > "$output"\ntouch '${begun}'\nexec sleep 3600\n`;
  await writeFile(shim, script, { mode: 0o755 });
  return { programs: { ffmpeg: shim, ffprobe: 'ffprobe' }, hasBegun: () => existsSync(begun) };
}
