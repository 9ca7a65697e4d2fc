import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { describeFile, frameTimes, makeFilm, packetHashes } from '../support/film.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
let folder = '';
let film = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  cli = new Cli(folder);
  film = await makeFilm(folder, 'film.mkv', { seconds: 3, isRich: true });
});

/** Runs `upscale` with presets that are quick; gives the summary. */
async function upscale(input: string, output: string, ...more: readonly string[]) {
  const preset = more.includes('--preset') ? [] : ['--preset', 'ultrafast'];
  const args = ['upscale', input, '-o', join(folder, output), ...preset, '--json', ...more];
  const end = await cli.run(args);
  return { ...end, json: JSON.parse(end.stdout), path: join(folder, output) };
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Hashes of all frames as they are decoded. */
async function frameHashes(path: string, ...filters: readonly string[]): Promise<string[]> {
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', ...filters, '-fps_mode', 'passthrough'];
  const { stdout } = await promisify(execFile)('ffmpeg', [...args, '-f', 'framemd5', '-']);
  return stdout.split('\n').flatMap((line) => (line.startsWith('#') ? [] : (line.split(',').at(-1) ?? [])));
}

describe('upscale', () => {
  it.each(['film.mkv', 'film.mp4', 'film.mov'])('keeps every frame, sound and chapter: %s', async (name) => {
    const { code, json, path } = await upscale(film, `kept-${name}`, '--dedupe', 'off');
    expect(code).toBe(0);
    expect(json).toMatchObject({ status: 'complete', counts: { frames: 72, failed_segments: 0 } });
    const [wanted, found] = await Promise.all([frameTimes(film), frameTimes(path)]);
    expect(found).toHaveLength(wanted.length);
    for (const [index, time] of wanted.entries())
      expect(Math.abs((found[index] ?? 0) - time)).toBeLessThan(0.0015);
    expect(await packetHashes(path, 'a')).toEqual(await packetHashes(film, 'a'));
    const { streams, chapters, format } = await describeFile(path);
    expect(streams[0]).toMatchObject({
      width: 192,
      height: 108,
      color_space: 'bt709',
      color_transfer: 'bt709',
    });
    expect(streams.filter(({ codec_type: type }) => type === 'subtitle')).toHaveLength(1);
    expect(streams.filter(({ codec_type: type }) => type === 'audio')).toMatchObject([
      { tags: { language: 'eng' } },
      { tags: { language: 'deu' } },
    ]);
    expect(chapters.map(({ start_time: time }) => Number(time))).toEqual([0, 1]);
    expect(format.tags).toMatchObject({ title: 'A film' });
  });

  it.each(['sd.mp4', 'sd.mkv'])(
    'notes the colours that players assume of a small video: %s',
    async (name) => {
      const source = await makeClip(join(folder, 'untagged.mp4'), { width: 160, height: 90, frames: 3 });
      const { code, path } = await upscale(source, name, '--scale', '4');
      expect(code).toBe(0);
      const { streams } = await describeFile(path);
      const system = 'smpte170m';
      expect(streams[0]).toMatchObject({
        color_space: system,
        color_primaries: system,
        color_transfer: system,
      });
    },
  );

  it('upscales the film behind a cover that nobody marked as one, and shows its pictures', async () => {
    const clip = await makeClip(join(folder, 'clip.mp4'), { width: 160, height: 90, frames: 12 });
    const cover = await makeClip(join(folder, 'cover.mkv'), {
      width: 64,
      height: 64,
      frames: 1,
      codec: 'mjpeg',
    });
    const source = join(folder, 'covered.mkv');
    await promisify(execFile)('ffmpeg', [
      '-v',
      'error',
      '-i',
      cover,
      '-i',
      clip,
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      source,
    ]);
    const { code, json, path } = await upscale(source, 'covered-2x.mp4');
    expect(code).toBe(0);
    expect(json.counts).toMatchObject({ frames: 12 });
    expect(json.notices).toContain(
      'The file holds 2 videos: stream 1 (h264, 160x90) is upscaled, not stream 0 (mjpeg).',
    );
    const { streams } = await describeFile(path);
    expect(streams).toMatchObject([
      { codec_name: 'mjpeg', width: 64 },
      { codec_name: 'h264', width: 320, nb_frames: '12' },
    ]);
  });

  it('makes a video of any size, with the times, the sound and the shape of the source', async () => {
    const tall = await upscale(film, 'box.mp4', '--size', '200x200');
    expect(tall.json).toMatchObject({ status: 'complete', size: { width: 200, height: 112 }, scale: 2.083 });
    expect(tall.json.notices).toContainEqual(expect.stringContaining('another shape than 200x200'));
    const half = await upscale(film, 'half.mp4', '--scale', '1.5', '--size', '4k');
    expect(half.code).toBe(2);
    await cli.configure('[upscaling]\nsize = "8k"\n');
    const { code, json, path } = await upscale(film, 'more.mp4', '--scale', '1.5');
    await cli.configure('');
    expect(code).toBe(0);
    expect(json).toMatchObject({ size: { width: 144, height: 82 }, scale: 1.5 });
    expect(json.notices).toContainEqual(expect.stringContaining('144x82: its sides have to be even'));
    for (const output of [path, tall.path]) {
      expect(await packetHashes(output, 'a')).toEqual(await packetHashes(film, 'a'));
      const [wanted, found] = await Promise.all([frameTimes(film), frameTimes(output)]);
      expect(found.map((time) => time.toFixed(2))).toEqual(wanted.map((time) => time.toFixed(2)));
    }
    const { streams } = await describeFile(path);
    expect(streams[0]).toMatchObject({ width: 144, height: 82 });
    const again = await cli.run(['upscale', '--resume', json.run_id, '--size', '1080p', '--json']);
    expect(again.code).toBe(6);
    expect(again.stdout).toContain('--size 1080p');
  });

  it('deinterlaces and removes noise before, as over the whole video at once', async () => {
    const source = join(folder, 'fields.mkv');
    const drawn = ['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=50:d=6', '-vf', 'interlace,noise=alls=12:allf=t'];
    const coded = ['-flags', '+ilme+ildct', '-c:v', 'mpeg2video', '-q:v', '2', '-g', '10'];
    await promisify(execFile)('ffmpeg', ['-v', 'error', ...drawn, ...coded, source]);
    const plain = await cli.run(['upscale', source, '-o', join(folder, 'x.mkv'), '--dry-run', '--json']);
    expect(JSON.parse(plain.stdout).notices).toContainEqual(expect.stringContaining('--deinterlace auto'));
    const filters = ['--deinterlace', 'auto', '--denoise', 'medium', '--dedupe', 'off'];
    const args = ['upscale', source, '-o', join(folder, 'whole.mkv'), ...filters, '--scale', '1'];
    const { code, stdout } = await cli.run([...args, '--codec', 'ffv1', '--json']);
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(json.counts.segments).toBeGreaterThan(1);
    expect(json.notices).not.toContainEqual(expect.stringContaining('nterlaced'));
    const planes = [0, 1, 2].map((plane) => `${plane}a=0.05:${plane}b=0.1`).join(':');
    const chain = `bwdif=0:-1:1,settb=1/1000,hqdn3d=5:3.75:0.001:0.001,atadenoise=${planes}:s=9`;
    expect(await frameHashes(json.output)).toEqual(await frameHashes(source, '-vf', chain));
    const [wanted, found] = await Promise.all([frameTimes(source), frameTimes(json.output)]);
    expect(found.map((time) => time.toFixed(2))).toEqual(wanted.map((time) => time.toFixed(2)));
    const again = await cli.run(['upscale', '--resume', json.run_id, '--denoise', 'off', '--json']);
    expect(again.code).toBe(6);
  });

  it.each(['uneven.mp4', 'uneven.mkv'])('keeps a variable frame rate: %s', async (name) => {
    const uneven = await makeFilm(folder, `source-${name}`, { seconds: 3, isUneven: true });
    const { path } = await upscale(uneven, name);
    const [wanted, found] = await Promise.all([frameTimes(uneven), frameTimes(path)]);
    const steps = new Set(wanted.map((time, index) => Math.round(1000 * (time - (wanted[index - 1] ?? 0)))));
    expect(steps.size).toBeGreaterThan(2);
    expect(found).toHaveLength(wanted.length);
    for (const [index, time] of wanted.entries())
      expect(Math.abs((found[index] ?? 0) - time)).toBeLessThan(0.0015);
  });

  it('gives 300 frames on 6 workers the manifests of the format', async () => {
    const long = await makeFilm(folder, 'long.mp4', { seconds: 12.51 });
    const { json } = await upscale(
      long,
      'long-2x.mp4',
      '--workers',
      '6',
      '--dedupe',
      'off',
      '--batch-size',
      '8',
    );
    expect(json.counts.frames).toBe(300);
    const runFolder = join(json.checkpoint, '..');
    const manifests = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((worker) => readFile(join(runFolder, `worker_${worker}_manifest.txt`), 'utf8')),
    );
    const batchesOf = (text: string) => text.split('\n').filter((line) => line.startsWith('batch_'));
    expect(manifests.map((text) => batchesOf(text).length)).toEqual([7, 7, 6, 6, 6, 6]);
    expect(batchesOf(manifests[1] ?? '').at(-1)).toBe(
      'batch_37,frame_000297,frame_000298,frame_000299,frame_000300',
    );
    expect(manifests[0]).toContain('# Worker 0 Manifest - Batches: 0, 6, 12, 18, 24, 30, 36\n');
    const statuses = await Promise.all(
      [0, 5].map((worker) => readFile(join(runFolder, `worker_${worker}_status.json`), 'utf8')),
    );
    expect(statuses.map((text) => JSON.parse(text))).toMatchObject([
      { worker_id: 0, total_batches: 7, completed_batches: 7, progress_percent: 100 },
      { worker_id: 5, total_batches: 6, completed_batches: 6, progress_percent: 100 },
    ]);
    const plan = JSON.parse(await readFile(join(runFolder, 'parallel_processing_plan.json'), 'utf8'));
    expect(plan.stats).toMatchObject({
      total_frames: 300,
      unique_frames: 300,
      duplicates: 0,
      parallel_jobs: 300,
    });
  });

  it.each([
    {
      what: 'odd sides',
      options: { width: 95, height: 53 },
      more: ['-pix_fmt', 'yuv444p'],
      format: 'yuv444p',
    },
    {
      what: 'portrait, 4:2:2',
      options: { width: 54, height: 96 },
      more: ['-pix_fmt', 'yuv422p'],
      format: 'yuv422p',
    },
    {
      what: 'one frame of 10 bits',
      options: {},
      more: ['-pix_fmt', 'yuv420p10le', '-frames:v', '1'],
      format: 'yuv420p10le',
    },
  ])('takes $what', async ({ what, options, more, format }) => {
    const name = `${what.replaceAll(/\W/g, '-')}.mp4`;
    const source = await makeFilm(folder, name, { seconds: 0.5, ...options, videoOptions: more });
    const { code, path } = await upscale(source, `big-${name}`);
    expect(code).toBe(0);
    const [before, after] = await Promise.all([describeFile(source), describeFile(path)]);
    expect(before.streams[0]).toMatchObject({ width: 96, height: 54, ...options });
    expect(after.streams[0]).toMatchObject({
      width: 2 * Number(before.streams[0]?.['width']),
      height: 2 * Number(before.streams[0]?.['height']),
      pix_fmt: format,
      nb_frames: before.streams[0]?.['nb_frames'],
    });
  });

  it('refuses a truncated video, and takes what can be read of it where that is wanted', async () => {
    const cut = await makeFilm(folder, 'cut.mkv', { seconds: 3 });
    await truncate(cut, Math.round(0.6 * (await stat(cut)).size));
    const refused = await upscale(cut, 'cut-2x.mkv');
    expect(refused.code).toBe(2);
    expect(refused.json.error).toMatchObject({
      code: 'video-unreadable',
      next_step: expect.stringContaining('--keep-going'),
    });
    const taken = await upscale(cut, 'cut-2x.mkv', '--keep-going');
    expect(taken.code).toBe(0);
    expect(taken.json.counts.frames).toBeGreaterThan(20);
    expect(taken.json.counts.frames).toBeLessThan(72);
    expect(taken.json.notices.join()).toContain('damaged');
  });

  it.each([
    { what: 'nothing', args: [], code: 'usage-invalid' },
    {
      what: 'a model for an engine without one',
      args: ['film.mkv', '--engine', 'lanczos', '--model', 'x'],
      code: 'usage-invalid',
    },
    { what: 'another container', args: ['film.mkv', '-o', 'film.avi'], code: 'output-unsupported' },
    { what: 'a video that is not there', args: ['none.mkv', '-o', 'x.mkv'], code: 'video-unreadable' },
    {
      what: 'an engine without its model',
      args: ['film.mkv', '-o', 'x.mkv', '--engine', 'onnx'],
      code: 'usage-invalid',
    },
    {
      what: 'a model that is not there',
      args: ['film.mkv', '-o', 'x.mkv', '--model', 'x.onnx'],
      code: 'input-missing',
    },
    {
      what: 'a host that is not there',
      args: ['film.mkv', '-o', 'x.mkv', '--host', 'x'],
      code: 'host-unknown',
    },
    { what: 'itself as output', args: ['film.mkv', '-o', 'film.mkv'], code: 'usage-invalid' },
  ])('refuses $what', async ({ args, code }) => {
    const inFolder = args.map((arg) => (/\.(mkv|avi)$/.test(arg) ? join(folder, arg) : arg));
    const end = await cli.run(['upscale', ...inFolder, '--json']);
    expect(end.code).toBe(2);
    expect(JSON.parse(end.stdout).error).toMatchObject({ code });
  });

  it('replaces an output only when it is told to', async () => {
    const path = join(folder, 'there.mkv');
    await writeFile(path, 'mine');
    const refused = await upscale(film, 'there.mkv');
    expect(refused.json.error.code).toBe('output-exists');
    expect(await readFile(path, 'utf8')).toBe('mine');
    expect((await upscale(film, 'there.mkv', '--force')).code).toBe(0);
    expect((await stat(path)).size).toBeGreaterThan(1000);
  });

  it('shows what it would do, and does nothing', async () => {
    const { code, json, path } = await upscale(film, 'planned.mp4', '--dry-run');
    expect(code).toBe(0);
    expect(json).toMatchObject({ version: 1 });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const text = (await cli.run(['upscale', film, '-o', path, '--dry-run'])).stdout;
    for (const word of ['Frames', 'Duplicates', 'Segments', 'Batches', 'Time', 'Disk', 'mov_text']) {
      expect(text).toContain(word);
    }
  });

  it('goes on after being killed, and gives the same video', async () => {
    const source = await makeFilm(folder, 'killed.mkv', {
      seconds: 110,
      width: 64,
      height: 36,
      isRich: true,
    });
    const whole = await upscale(source, 'not-killed.mkv', '--workers', '2');
    expect(whole.json.counts.segments).toBeGreaterThan(1);
    const path = join(folder, 'resumed.mkv');
    const args = ['upscale', source, '-o', path, '--preset', 'ultrafast', '--workers', '2'];
    const { child, ended } = await cli.start([...args, '--events', '-']);
    child.stdout?.on('data', (line: string) => line.includes('segment-finished') && child.kill('SIGKILL'));
    await ended;
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const resumed = await cli.run(['upscale', '--resume', 'latest', '--json']);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'complete' });
    expect(await hashOf(path)).toBe(await hashOf(whole.path));
    const left = (await readdir(folder)).filter((name) => name.includes('cosmos'));
    expect(left).toEqual([]);
    expect((await cli.run(['upscale', '--resume', 'latest'])).code).toBe(0);
  });
});
