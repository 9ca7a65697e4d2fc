import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { clipThatClaims } from '../../../support/claimed-size.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { decodeAll, ffmpeg, noAbort, scanAll, shoot } from '../frames/rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegVideoTool();
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '12', '-pix_fmt', 'yuv420p'];
const withPictures = { withPictures: true, keepGoing: false };

async function streamOf(path: string) {
  return (await tool.inspect(path)).video;
}

it('gives exact times, durations, hashes and pictures of all frames', async () => {
  const path = shoot(folder, 'a.mp4', ...h264);
  const { frames, end } = await scanAll(path, await streamOf(path), withPictures);
  expect(end).toEqual({ damage: null, changes: [] });
  expect(frames.map(({ time }) => time)).toEqual(Array.from({ length: 36 }, (_, frame) => frame * 1001));
  expect(new Set(frames.map(({ duration }) => duration))).toEqual(new Set([1001]));
  expect(new Set(frames.map(({ hash }) => hash)).size).toBe(36);
  expect(Buffer.concat(frames.map(({ picture }) => picture ?? Buffer.alloc(0)))).toEqual(
    decodeAll(path, 'yuv420p'),
  );
});

it('gives equal hashes to equal pictures only', async () => {
  const path = shoot(folder, 'threes.mkv', '-vf', 'framestep=3,fps=24000/1001', '-c:v', 'ffv1');
  const { frames } = await scanAll(path, await streamOf(path));
  const all = decodeAll(path, 'yuv420p');
  const size = all.length / frames.length;
  const digest = (frame: number) =>
    createHash('sha256')
      .update(all.subarray(frame * size, (frame + 1) * size))
      .digest('hex');
  const classes = (names: string[]) => names.map((name) => names.indexOf(name));
  expect(classes(frames.map(({ hash }) => hash))).toEqual(classes(frames.map((_, frame) => digest(frame))));
  expect(frames[0]?.picture).toBeNull();
});

it.each([
  {
    kind: 'full range stays full',
    name: 'full.avi',
    format: 'yuvj420p',
    options: ['-c:v', 'mjpeg', '-q:v', '2'],
  },
  { kind: 'gray', name: 'gray.mkv', format: 'gray', options: ['-c:v', 'ffv1', '-pix_fmt', 'gray'] },
  {
    kind: '4:4:4',
    name: 'full-colour.mkv',
    format: 'yuv444p',
    options: ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p'],
  },
])('takes luma as it is stored: $kind', async ({ name, format, options }) => {
  const path = shoot(folder, name, '-frames:v', '2', ...options);
  const { frames } = await scanAll(path, await streamOf(path), withPictures);
  const first = decodeAll(path, format).subarray(0, 96 * 54);
  expect(Buffer.from(frames[0]?.picture?.subarray(0, 96 * 54) ?? [])).toEqual(first);
});

it('cuts 10 bits to the upper 8', async () => {
  const path = shoot(folder, 'deep.mkv', '-frames:v', '2', '-c:v', 'ffv1', '-pix_fmt', 'yuv422p10le');
  const { frames } = await scanAll(path, await streamOf(path), withPictures);
  const deep = decodeAll(path, 'yuv422p10le');
  const expected = Array.from({ length: 96 * 54 }, (_, pixel) => deep.readUInt16LE(2 * pixel) >> 2);
  expect([...(frames[0]?.picture?.subarray(0, 96 * 54) ?? [])]).toEqual(expected);
});

it.each([
  {
    kind: 'odd sides',
    name: 'odd.mkv',
    options: ['-vf', 'scale=95:53', '-c:v', 'ffv1', '-pix_fmt', 'yuv420p'],
    size: 95 * 53 + 2 * 48 * 27,
  },
  { kind: 'RGB', name: 'rgb.mkv', options: ['-c:v', 'ffv1', '-pix_fmt', 'bgr0'], size: 96 * 54 * 1.5 },
  { kind: 'a palette', name: 'a.gif', options: [], size: 96 * 54 * 1.5 },
])('gives whole pictures: $kind', async ({ name, options, size }) => {
  const path = shoot(folder, name, '-frames:v', '3', ...options);
  const { frames } = await scanAll(path, await streamOf(path), withPictures);
  expect(frames.map(({ picture }) => picture?.length)).toEqual([size, size, size]);
});

it('keeps uneven, late and negative times', async () => {
  const filter = 'select=not(mod(n\\,3))+not(mod(n\\,5)),settb=1/1000,setpts=PTS+random(1)*30-500';
  const path = shoot(
    folder,
    'uneven.mkv',
    '-vf',
    filter,
    '-fps_mode',
    'passthrough',
    '-avoid_negative_ts',
    'disabled',
    '-enc_time_base',
    '1:1000',
    '-c:v',
    'ffv1',
  );
  const { frames } = await scanAll(path, await streamOf(path));
  const packets = ffmpeg(
    '-copyts',
    '-i',
    path,
    '-c',
    'copy',
    '-f',
    'framehash',
    '-hash',
    'crc32',
    '-',
  ).toString();
  const times = packets
    .split('\n')
    .filter((line) => /^0/.test(line))
    .map((line) => Number(line.split(',')[2]));
  expect(times[0]).toBeLessThan(0);
  expect(frames.map(({ time }) => time)).toEqual(times);
});

const sound = [
  { kind: 'a cut with an edit list', make: () => cutCopy('edited.mp4') },
  { kind: 'a recording that begins within a group', make: () => beheaded('beheaded.ts') },
  { kind: 'one frame', make: async () => shoot(folder, 'one.mp4', '-frames:v', '1', ...h264) },
  { kind: 'a picture', make: async () => shoot(folder, 'still.png', '-frames:v', '1') },
];
it.each(sound)('takes no damage for granted: $kind', async ({ make }) => {
  const path = await make();
  const { frames, end } = await scanAll(path, await streamOf(path));
  expect(frames.length).toBeGreaterThan(0);
  expect(end).toEqual({ damage: null, changes: [] });
});

it.each([
  { kind: 'a cut-off Matroska file', name: 'a.mkv', options: h264, damage: truncated },
  {
    kind: 'a cut-off MP4 with its index first',
    name: 'fast.mp4',
    options: [...h264, '-movflags', '+faststart'],
    damage: truncated,
  },
  { kind: 'a cut-off program stream', name: 'a.mpg', options: ['-c:v', 'mpeg2video'], damage: truncated },
  { kind: 'a hole in H.264', name: 'hole.mp4', options: h264, damage: holed },
  { kind: 'a hole in MPEG-4', name: 'hole.avi', options: ['-c:v', 'mpeg4'], damage: holed },
])('finds damage, and takes what can be read when told to: $kind', async ({ name, options, damage }) => {
  const path = join(folder, `damaged-${name}`);
  await writeFile(path, damage(await readFile(shoot(folder, name, ...options))));
  const stream = await streamOf(path);
  await expect(scanAll(path, stream)).rejects.toMatchObject({
    code: 'video-unreadable',
    message: expect.stringMatching(/damaged near second \d/),
    nextStep: expect.stringContaining('--keep-going'),
  });
  const { frames, end } = await scanAll(path, stream, { withPictures: true, keepGoing: true });
  expect(frames.length).toBeGreaterThan(12);
  expect(end.damage).not.toBeNull();
});

it('stops when aborted, and when nobody reads on', async () => {
  const path = shoot(folder, 'stop.mp4', ...h264);
  const stream = await streamOf(path);
  const controller = new AbortController();
  const reason = new Error('enough');
  const scan = tool.scan(path, stream, withPictures, controller.signal);
  await scan.next();
  controller.abort(reason);
  await expect(scan.next()).rejects.toBe(reason);
  const other = tool.scan(path, stream, withPictures, noAbort);
  await other.next();
  await other.return({ damage: null, changes: [] });
});

async function cutCopy(name: string): Promise<string> {
  const path = join(folder, name);
  ffmpeg('-ss', '0.7', '-i', shoot(folder, 'whole.mp4', ...h264), '-c', 'copy', path);
  return path;
}

async function beheaded(name: string): Promise<string> {
  const path = join(folder, name);
  const packets = await readFile(shoot(folder, 'whole.ts', ...h264));
  await writeFile(path, packets.subarray(188 * 40));
  return path;
}

function truncated(file: Buffer): Buffer {
  return file.subarray(0, Math.floor(file.length * 0.7));
}

function holed(file: Buffer): Buffer {
  return Buffer.from(file).fill(0, file.length >> 1, (file.length >> 1) + 200);
}

it('a picture in the middle that claims to be huge is refused, and left out only on request', async () => {
  const path = await clipThatClaims(
    join(folder, 'claims.mkv'),
    { width: 16_000, height: 9_000 },
    (frame) => frame === 3,
  );
  const stream = await streamOf(path);
  // Which of its two messages a decoder of several threads gets out first is not fixed.
  const said = /16000x9000|Error while decoding stream/;
  const refusal = { code: 'video-unreadable', message: expect.stringMatching(said) };
  await expect(scanAll(path, stream, withPictures)).rejects.toMatchObject(refusal);
  const { frames, end } = await scanAll(path, stream, { withPictures: true, keepGoing: true });
  expect([frames.length, end.damage]).toEqual([5, expect.stringMatching(said)]);
  const all = await clipThatClaims(
    join(folder, 'all-claim.mkv'),
    { width: 30_000, height: 30_000 },
    () => true,
  );
  await expect(streamOf(all)).rejects.toMatchObject({
    message: expect.stringContaining('a frame of 30000x30000'),
  });
});
