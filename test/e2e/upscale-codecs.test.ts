import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { describeFile, frameTimes, makeFilm } from '../support/film.ts';
import { Cli } from '../support/run-cli.ts';
import { makeNvencFfmpeg } from '../support/standin-nvenc.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
let folder = '';
let film = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  cli = new Cli(folder);
  film = await makeFilm(folder, 'film.mkv', { seconds: 2, isRich: true });
});

async function run(under: Cli, command: readonly string[], output: string) {
  const path = join(folder, output);
  const end = await under.run([...command, '-o', path, '--json']);
  return { ...end, json: JSON.parse(end.stdout), path };
}

it('makes a WebM with sound, subtitles and chapters, in the same times; what is converted is said', async () => {
  const command = ['upscale', film, '--codec', 'vp9', '--preset', 'ultrafast', '--dedupe', 'off'];
  const { code, json, path } = await run(cli, command, 'film.webm');
  expect(code).toBe(0);
  expect(json).toMatchObject({ status: 'complete', counts: { frames: 48, failed_segments: 0 } });
  expect(json.notices).toEqual([expect.stringMatching(/subtitle stream 3 .* is converted to .*WebM cannot/)]);
  const [wanted, found] = await Promise.all([frameTimes(film), frameTimes(path)]);
  expect(found).toHaveLength(wanted.length);
  for (const [index, time] of wanted.entries())
    expect(Math.abs((found[index] ?? 0) - time)).toBeLessThan(0.0015);
  const { streams, chapters, format } = await describeFile(path);
  expect(streams).toMatchObject([
    { codec_name: 'vp9', width: 192, height: 108, color_space: 'bt709' },
    { codec_name: 'vorbis', tags: { language: 'eng' } },
    { codec_name: 'vorbis', tags: { language: 'deu' } },
    { codec_name: 'webvtt' },
  ]);
  expect(chapters.map(({ start_time: time }) => Number(time))).toEqual([0, 1]);
  expect(format.tags).toMatchObject({ title: 'A film' });
});

it('keeps the marks and the 10 bits of HLG', async () => {
  const hlg = join(folder, 'hlg.mov');
  const marks = 'format=yuv420p10le,setparams=color_primaries=9:color_trc=18:colorspace=9:range=tv';
  const x265 = [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=error',
    '-tag:v',
    'hvc1',
  ];
  const input = ['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=24', '-frames:v', '5', '-vf', marks];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...input, ...x265, hlg]);
  const command = ['upscale', hlg, '--codec', 'copy-like', '--preset', 'ultrafast'];
  const { code, json, path } = await run(cli, command, 'hlg.mp4');
  expect([code, json.notices]).toEqual([0, []]);
  const { streams } = await describeFile(path);
  const kept = { color_primaries: 'bt2020', color_transfer: 'arib-std-b67', color_space: 'bt2020nc' };
  expect(streams).toMatchObject([{ codec_name: 'hevc', pix_fmt: 'yuv420p10le', ...kept }]);
});

it('refuses before the video is read what cannot work, with what would', async () => {
  const nvenc = await run(cli, ['upscale', film, '--codec', 'hevc', '--encoder', 'nvenc'], 'nvenc.mp4');
  expect(nvenc.code).toBe(2);
  expect(nvenc.json.error).toMatchObject({
    code: 'prerequisite-missing',
    message: expect.stringContaining('The encoder hevc_nvenc does not work on this machine'),
    next_step: expect.stringContaining('Leave --encoder out'),
  });
  const prores = await run(cli, ['upscale', film, '--codec', 'prores'], 'prores.mp4');
  expect(prores.json.error).toMatchObject({
    code: 'output-unsupported',
    message: 'ProRes cannot be written to MP4.',
    next_step: expect.stringContaining('.mov'),
  });
  expect(existsSync(join(folder, 'work/checkpoints/latest'))).toBe(false);
});

it('encodes by hardware where that works, after a few frames that show it', async () => {
  const { program, calls } = await makeNvencFfmpeg(folder);
  const withNvenc = new Cli(folder, { FFMPEG_PATH: program });
  const command = [
    'upscale',
    film,
    '--codec',
    'hevc',
    '--encoder',
    'nvenc',
    '--crf',
    '30',
    '--dedupe',
    'exact',
  ];
  const { code, json, path } = await run(withNvenc, command, 'hardware.mp4');
  expect(code).toBe(0);
  expect(json).toMatchObject({ status: 'complete', counts: { frames: 48 } });
  const lines = (await readFile(calls, 'utf8')).split('\n');
  const tried = lines.findIndex((line) => line.includes('hevc_nvenc'));
  expect(lines[tried]).toContain('-preset p4');
  expect(lines[tried]).toContain('-rc vbr -cq 30');
  expect(lines.findIndex((line) => line.includes('framehash'))).not.toBeLessThan(tried);
  const { streams } = await describeFile(path);
  expect(streams[0]).toMatchObject({ codec_name: 'hevc', codec_tag_string: 'hvc1', nb_frames: '48' });
});

it('retouches into another codec, too', async () => {
  const command = ['retouch', film, '--region', '10%,10%,50%,50%', '--engine', 'blur', '--codec', 'ffv1'];
  const { code, json, path } = await run(cli, command, 'retouched.mkv');
  expect(code).toBe(0);
  expect(json).toMatchObject({ status: 'complete', counts: { frames: 48 } });
  const { streams } = await describeFile(path);
  expect(streams[0]).toMatchObject({ codec_name: 'ffv1', pix_fmt: 'yuv420p', color_space: 'bt709' });
});
