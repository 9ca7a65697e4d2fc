import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { describeFile } from '../support/film.ts';
import { Cli, type CliEnd } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
let folder = '';
let clip = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  cli = new Cli(folder);
  clip = await makeClip(join(folder, 'clip.mp4'), { width: 64, height: 36, frames: 12 });
});

/** A folder with two videos that would be one file, one in a folder below, a broken one, and a text. */
async function makeFilms(name: string): Promise<string> {
  const films = join(folder, name);
  await mkdir(join(films, 'sub'), { recursive: true });
  await copyFile(clip, join(films, 'a.mp4'));
  await makeClip(join(films, 'B.avi'), { width: 64, height: 36, frames: 5 });
  await copyFile(join(films, 'B.avi'), join(films, 'b.ts'));
  await copyFile(clip, join(films, 'sub', 'a.mp4'));
  await writeFile(join(films, 'broken.mp4'), (await readFile(clip)).subarray(0, 700));
  await writeFile(join(films, 'notes.txt'), 'none');
  return films;
}

/** A picture of one colour. */
async function makePicture(
  path: string,
  pixelFormat: string,
  source = 'color=c=0xc8285a@0.5:s=33x21,format=rgba',
): Promise<void> {
  const made = ['-f', 'lavfi', '-i', source, '-frames:v', '1', '-pix_fmt', pixelFormat, path];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...made]);
}

/** Red, green and blue of the first pixel. */
async function colorOf(path: string): Promise<number[]> {
  const raw = ['-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', ...raw], { encoding: 'buffer' });
  return [...stdout.subarray(0, 3)];
}

function jsonOf({ stdout, stderr }: CliEnd) {
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

const quick = ['--preset', 'ultrafast', '--json'];

describe('upscale: several videos', () => {
  it('keeps the tree, lets a broken one stop no other, and tries only that again', async () => {
    const films = await makeFilms('films');
    const out = join(folder, 'out');
    const plan = jsonOf(await cli.run(['upscale', films, '-o', out, '--suffix=-2x', '--dry-run', ...quick]));
    expect(plan).toMatchObject({ counts: { videos: 5, to_do: 4, failed: 1 }, ignored: ['notes.txt'] });
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });

    const first = await cli.run(['upscale', films, '-o', out, '--suffix=-2x', ...quick]);
    expect(first.code, first.stderr).toBe(3);
    const summary = jsonOf(first);
    expect(summary).toMatchObject({
      kind: 'upscale-set',
      status: 'partial',
      counts: { videos: 5, finished: 4, failed: 1, skipped: 0 },
      failures: [{ code: 'video-unreadable', input: join(films, 'broken.mp4') }],
    });
    expect(await filesBelow(out)).toEqual(['B-2x.mkv', 'a-2x.mp4', 'b.ts-2x.mkv', 'sub/a-2x.mp4']);
    const { streams } = await describeFile(join(out, 'sub', 'a-2x.mp4'));
    expect(streams[0]).toMatchObject({ width: 128, height: 72, nb_frames: '12' });
    const page = await readFile(summary.report.html, 'utf8');
    expect(page).toContain('broken.mp4');
    expect(page).toContain('videos/000003/report.html');

    await copyFile(clip, join(films, 'broken.mp4'));
    const before = await stat(join(out, 'a-2x.mp4'));
    const resumed = await cli.run(['resume', '--json']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(jsonOf(resumed)).toMatchObject({ status: 'complete', counts: { finished: 5, failed: 0 } });
    expect((await stat(join(out, 'a-2x.mp4'))).mtimeMs).toBe(before.mtimeMs);

    await rm(join(out, 'broken-2x.mp4'));
    const again = await cli.run(['upscale', films, '-o', out, '--suffix=-2x', ...quick]);
    expect(again.code, again.stderr).toBe(0);
    expect(jsonOf(again)).toMatchObject({ counts: { finished: 1, skipped: 4 } });
    const runs = jsonOf(await cli.run(['runs', '--json']));
    expect(runs.runs).toHaveLength(2);
    expect(runs.runs[0]).toMatchObject({ kind: 'upscale-set', status: 'complete' });
  });

  it('stopped and killed at any moment, loses nothing and makes nothing twice', async () => {
    const films = await makeFilms('killed');
    await rm(join(films, 'broken.mp4'));
    const out = join(folder, 'killed-out');
    // After the first finished segment, after the first finished video, and in the middle of the next.
    const stops = [
      { at: 'segment-finished', signal: 'SIGINT', args: ['upscale', films, '-o', out, ...quick.slice(0, 2)] },
      { at: 'video-finished', signal: 'SIGKILL', args: ['resume', 'latest'] },
      { at: 'video-planned', signal: 'SIGKILL', args: ['resume', 'latest'] },
    ] as const;
    const ends: CliEnd[] = [];
    for (const { at, signal, args } of stops) {
      const { child, ended } = await cli.start([...args, '--events', '-']);
      // A second Ctrl-C would end it without a word.
      child.stdout?.on(
        'data',
        (text: string) => !child.killed && text.includes(`"${at}"`) && child.kill(signal),
      );
      ends.push(await ended);
    }
    expect(ends[0]).toMatchObject({ code: 130, stderr: expect.stringContaining('cosmos resume ') });
    const end = await cli.run(['resume', 'latest', '--json']);
    expect(end.code, end.stderr).toBe(0);
    const summary = jsonOf(end);
    expect(summary).toMatchObject({ status: 'complete', counts: { videos: 4, finished: 4 } });
    const journal = await readFile(join(summary.checkpoint, '..', 'journal.jsonl'), 'utf8');
    const events = journal
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const finished = events.filter(({ type }) => type === 'segment-finished').map(({ task_key: key }) => key);
    expect(new Set(finished).size).toBe(finished.length);
    expect(events.filter(({ type }) => type === 'video-finished')).toHaveLength(4);
    expect(await filesBelow(out)).toEqual(['B.mkv', 'a.mp4', 'b.ts.mkv', 'sub/a.mp4']);
  });

  it('makes larger pictures of pictures, under their names', async () => {
    const pictures = join(folder, 'pictures');
    await mkdir(pictures);
    await makePicture(join(pictures, 'frame_000001.png'), 'rgb24');
    await makePicture(join(pictures, 'alpha.png'), 'rgba');
    // Larger than what ffmpeg reads at first to find out what a file is.
    await makePicture(join(pictures, 'photo.jpg'), 'yuvj420p', 'testsrc2=s=330x210');
    const out = join(folder, 'larger');
    const end = await cli.run(['upscale', pictures, '-o', out, '--json']);
    expect(end.code, end.stderr).toBe(0);
    const summary = jsonOf(end);
    expect(summary).toMatchObject({ status: 'complete', counts: { videos: 3, finished: 3 } });
    expect(summary.notices).toEqual([expect.stringContaining('alpha.png: transparency cannot be kept')]);
    expect(await filesBelow(out)).toEqual(['alpha.png', 'frame_000001.png', 'photo.jpg']);
    const { streams } = await describeFile(join(out, 'frame_000001.png'));
    expect(streams[0]).toMatchObject({ codec_name: 'png', width: 66, height: 42, pix_fmt: 'rgb24' });
    expect(await colorOf(join(out, 'frame_000001.png'))).toEqual([200, 40, 90]);

    expect((await describeFile(join(out, 'photo.jpg'))).streams[0]).toMatchObject({ width: 660 });
    const photo = join(folder, 'photo.png');
    await copyFile(join(pictures, 'frame_000001.png'), photo);
    expect((await cli.run(['upscale', photo])).code).toBe(0);
    expect((await describeFile(join(folder, 'photo-2x.png'))).streams[0]).toMatchObject({ width: 66 });
    const wrong = await cli.run(['upscale', photo, '-o', join(folder, 'photo.mp4')]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('is a picture');
  });

  it.each([
    {
      what: 'no folder for the outputs',
      args: ['clip.mp4', 'clip.mp4/../clip.mp4', 'x.mp4'],
      says: 'need a folder',
    },
    { what: 'an output over its source', args: ['films', '-o', 'films'], says: 'would be written over' },
  ])('refuses $what', async ({ args, says }) => {
    const films = join(folder, 'films');
    const typed = args.map((arg) => (arg === 'films' ? films : arg));
    const end = await cli.run(['upscale', ...typed, '--force']);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(says);
  });
});
