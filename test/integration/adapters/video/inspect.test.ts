import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { chooseFrameFormats } from '../../../../src/core/frames/choose-frame-formats.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { ffmpeg, scanAll, shoot } from '../frames/rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegVideoTool();
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

it('tells what is in a video, with everything beside the picture', async () => {
  const path = join(folder, 'rich.mkv');
  await writeFile(join(folder, 'a.srt'), '1\n00:00:00,000 --> 00:00:01,000\nHello\n');
  const chapters =
    '[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\n';
  await writeFile(join(folder, 'chapters.txt'), `;FFMETADATA1\n${chapters}`);
  await writeFile(join(folder, 'font.ttf'), 'font');
  const tags = [
    '-color_range',
    'tv',
    '-colorspace',
    'bt709',
    '-color_primaries',
    'bt709',
    '-color_trc',
    'bt709',
  ];
  ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=24000/1001:d=1', '-f', 'lavfi', '-i', 'sine=d=1'],
    ...['-i', join(folder, 'a.srt'), '-i', join(folder, 'chapters.txt')],
    ...['-map', '1', '-map', '0', '-map', '2', '-map_chapters', '3', '-attach', join(folder, 'font.ttf')],
    ...[
      '-metadata:s:t',
      'mimetype=font/ttf',
      '-metadata:s:a',
      'language=deu',
      '-c:s',
      'srt',
      '-vf',
      'setsar=4/3',
      ...h264,
      ...tags,
    ],
    path,
  );
  expect(await tool.inspect(path)).toMatchObject({
    container: 'matroska,webm',
    startSeconds: 0,
    durationSeconds: expect.closeTo(1.04, 1),
    chapters: [
      { startSeconds: 0, endSeconds: 0.5 },
      { startSeconds: 0.5, endSeconds: 1 },
    ],
    video: {
      index: 1,
      codec: 'h264',
      size: { width: 96, height: 54 },
      sampleAspect: { numerator: 4, denominator: 3 },
      rotationDegrees: 0,
      pixelFormat: 'yuv420p',
      timeBase: { numerator: 1, denominator: 1000 },
      frameRate: { numerator: 24000, denominator: 1001 },
      color: { range: 'tv', space: 'bt709', primaries: 'bt709', transfer: 'bt709', chromaLocation: 'left' },
      extras: [],
    },
    others: [
      { index: 0, type: 'audio', language: 'deu', isAttachedPicture: false },
      { index: 2, type: 'subtitle', codec: 'subrip' },
      { index: 3, type: 'attachment' },
    ],
  });
});

it('says nothing about colours where the file does not', async () => {
  const { video } = await tool.inspect(shoot(folder, 'plain.avi', '-c:v', 'ffv1'));
  expect(video.color).toEqual({
    range: null,
    space: null,
    primaries: null,
    transfer: null,
    chromaLocation: null,
  });
});

it('takes the film and not its cover', async () => {
  const path = join(folder, 'cover.mp4');
  const film = shoot(folder, 'film.mp4', ...h264);
  ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1', join(folder, 'cover.png'));
  const maps = ['-map', '1', '-map', '0', '-c', 'copy', '-disposition:v:0', 'attached_pic'];
  ffmpeg('-i', film, '-i', join(folder, 'cover.png'), ...maps, path);
  const { video, others } = await tool.inspect(path);
  expect(video.codec).toBe('h264');
  expect(others).toMatchObject([{ type: 'video', isAttachedPicture: true }]);
});

it('names what an upscaled video cannot carry', async () => {
  const interlaced = ['-vf', 'scale=96:64,interlace', '-flags', '+ilme+ildct', '-c:v', 'mpeg2video'];
  const { video } = await tool.inspect(shoot(folder, 'fields.mpg', ...interlaced));
  expect(video.extras).toEqual(['interlaced fields']);
});

const halfRed = ['-vf', 'geq=lum=80:cb=90:cr=200:a=128,format=yuva420p'];

it.each([
  { name: 'alpha.webm', options: ['-c:v', 'libvpx-vp9'] },
  { name: 'alpha-8.webm', options: ['-c:v', 'libvpx', '-auto-alt-ref', '0'] },
  { name: 'alpha.mkv', options: ['-c:v', 'libvpx-vp9'], isCopied: true },
  { name: 'alpha-ffv1.mkv', options: ['-c:v', 'ffv1'] },
  { name: 'alpha-qtrle.mov', options: ['-c:v', 'qtrle', '-pix_fmt', 'argb'] },
  { name: 'alpha-png.mov', options: ['-c:v', 'png', '-pix_fmt', 'rgba'] },
  { name: 'alpha-prores.mov', options: ['-c:v', 'prores_ks', '-pix_fmt', 'yuva444p10le'] },
])('knows of transparency that its decoder may drop: $name', async ({ name, options, isCopied }) => {
  let path = shoot(folder, `made-${name}`, '-frames:v', '3', ...halfRed, ...options);
  if (isCopied) {
    path = join(folder, name);
    ffmpeg('-i', join(folder, `made-${name}`), '-c', 'copy', path);
  }
  const facts = await tool.inspect(path);
  const { notices } = chooseFrameFormats(facts, { takesRgb: false, scale: 2, container: 'mp4' });
  expect(notices.filter((notice) => notice.startsWith('Transparency cannot be kept'))).toHaveLength(1);
});

it.each([
  { kind: 'a PNG picture', name: 'still.png', options: ['-frames:v', '1'], codec: 'png' },
  { kind: 'a GIF', name: 'a.gif', options: [], codec: 'gif' },
])('reads $kind', async ({ name, options, codec }) => {
  expect((await tool.inspect(shoot(folder, name, ...options))).video.codec).toBe(codec);
});

it.each([
  { kind: 'a missing file', make: () => join(folder, 'missing.mp4'), reason: 'it does not exist' },
  { kind: 'sound only', make: () => sound(), reason: 'it holds no video' },
  { kind: 'a text', make: () => text('text.mp4', 'no video at all'), reason: 'it is not a video' },
  {
    kind: 'a playlist',
    make: () => text('list.m3u8', '#EXTM3U\n#EXTINF:1,\nfilm.mp4\n'),
    reason: 'it is damaged or not a video',
  },
])('refuses $kind', async ({ make, reason }) => {
  const inspecting = tool.inspect(await make());
  await expect(inspecting).rejects.toMatchObject({
    code: 'video-unreadable',
    message: expect.stringContaining(reason),
  });
});

it('remembers what is in a file until the file changes', async () => {
  const path = shoot(folder, 'changing.mp4', ...h264);
  const first = await tool.inspect(path);
  expect(await tool.inspect(path)).toBe(first);
  shoot(folder, 'changing.mp4', '-vf', 'scale=48:28', ...h264);
  expect((await tool.inspect(path)).video.size).toEqual({ width: 48, height: 28 });
});

it('says when ffprobe is missing', async () => {
  const bare = new FfmpegVideoTool({ programs: { ffmpeg: 'ffmpeg', ffprobe: '/missing/ffprobe' } });
  await expect(bare.inspect(join(folder, 'film.mp4'))).rejects.toMatchObject({
    code: 'prerequisite-missing',
  });
});

it('finds key frames without decoding', async () => {
  const path = shoot(folder, 'keys.mp4', ...h264, '-g', '12');
  const { keyTimes } = await tool.packetIndex(path, await tool.inspect(path));
  expect([...keyTimes]).toEqual([0, 12_012, 24_024]);
});

it.each([
  ['b-frames.mp4', h264],
  ['open-groups.mkv', ['-c:v', 'libx264', '-x264-params', 'open-gop=1:keyint=12', '-pix_fmt', 'yuv420p']],
  ['hevc.mp4', ['-c:v', 'libx265', '-x265-params', 'log-level=none', '-pix_fmt', 'yuv420p']],
  ['vp9.webm', ['-c:v', 'libvpx-vp9', '-auto-alt-ref', '1', '-lag-in-frames', '16', '-b:v', '200k']],
  ['uneven.mkv', ['-vf', "select='mod(n,5)'", '-fps_mode', 'passthrough', '-c:v', 'ffv1']],
])('knows from packets when the frames are shown, as decoding does: %s', async (name, options) => {
  const path = shoot(folder, name, ...options);
  const facts = await tool.inspect(path);
  const { frames } = await scanAll(path, facts.video);
  const { frameTimes } = await tool.packetIndex(path, facts);
  expect(frameTimes && [...frameTimes]).toEqual(frames.map(({ time }) => time));
});

it('leaves it to decoding where packets may say something else', async () => {
  const timesOf = async (path: string) => (await tool.packetIndex(path, await tool.inspect(path))).frameTimes;
  const whole = shoot(folder, 'whole.mkv', ...h264);
  const cutOff = join(folder, 'cut-off.mkv');
  const bytes = await readFile(whole);
  await writeFile(cutOff, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  expect(await timesOf(cutOff)).toBeNull();
  const edited = join(folder, 'edited.mp4');
  ffmpeg('-ss', '0.7', '-i', shoot(folder, 'unedited.mp4', ...h264), '-c', 'copy', edited);
  expect(await timesOf(edited)).toBeNull();
  expect(await timesOf(shoot(folder, 'transport.ts', ...h264))).toBeNull();
  const fields = ['-flags', '+ildct+ilme', '-vf', 'scale=96:56,setfield=tff', '-x264-params', 'tff=1'];
  expect(await timesOf(shoot(folder, 'fields.mkv', ...h264, ...fields))).toBeNull();
});

it('takes pictures as a player shows them, and null where there is no frame', async () => {
  const path = shoot(folder, 'wide.mp4', '-vf', 'setsar=2/1', ...h264);
  const moments = [0, 0.5, 99].map((seconds, frame) => ({ frame, seconds }));
  const [first, second, none] = await tool.pictures({ path, place: 0 }, moments, { width: 64, height: 64 });
  expect(none).toBeNull();
  expect(first).not.toEqual(second);
  await writeFile(join(folder, 'first.jpg'), first ?? '');
  expect((await tool.inspect(join(folder, 'first.jpg'))).video.size).toEqual({ width: 64, height: 18 });
});

function sound(): string {
  const path = join(folder, 'sound.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'sine=d=0.2', path);
  return path;
}

async function text(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}
