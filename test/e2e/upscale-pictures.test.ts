import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { makePictures } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** So many that there are several segments. */
const frames = 110;
const oddName = `it's 100%\n"é" %d`;

let cli: Cli;
let source = '';

async function upscale(...args: string[]) {
  const { code, stdout, stderr } = await cli.run(['upscale', ...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function filesOf(folder: string): Promise<[string, Buffer][]> {
  const names = (await readdir(folder)).sort();
  return await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
}

describe('upscale: numbered pictures', () => {
  beforeAll(async () => {
    cli = new Cli(await temporaryFolder());
    await cli.run(['runs']);
    source = join(cli.workingFolder, oddName);
    await makePictures(source, 'f_%04d.png', { width: 34, height: 22, frames, first: 5 });
    await rm(join(source, 'f_0009.png'));
  });

  it('killed at any moment, gives the same pictures, under the numbers of the source', async () => {
    const whole = await upscale(source, '-o', 'whole');
    expect(whole).toMatchObject({ kind: 'upscale', status: 'complete', video: { frames: frames - 1 } });
    expect(whole.output).toBe(join(cli.workingFolder, 'whole/f_%04d.png'));
    expect(whole.notices).toEqual([expect.stringContaining('missing: 9.')]);

    const output = join('killed', 'f_%04d.png');
    const starts = [
      { at: /segment-finished/, args: ['upscale', join(oddName, 'f_%04d.png'), '-o', output] },
      { at: /finishing the video: picture|"video-finished"/, args: ['resume', 'latest'] },
    ];
    for (const { at, args } of starts) {
      const { child, ended } = await cli.start([...args, '--events', '-']);
      for (const pipe of [child.stdout, child.stderr])
        pipe?.on('data', (text: string) => !child.killed && at.test(text) && child.kill('SIGKILL'));
      await ended;
      // As if the cache had been emptied: the pictures are put together once more.
      await rm(join(cli.env['XDG_CACHE_HOME'] ?? '', 'cosmos', 'retimed'), { recursive: true, force: true });
    }
    const end = await cli.run(['resume', 'latest', '--json']);
    expect(end.code, end.stderr).toBe(0);
    const expected = await filesOf(join(cli.workingFolder, 'whole'));
    expect(expected.map(([name]) => name).slice(3, 5)).toEqual(['f_0008.png', 'f_0010.png']);
    expect(await filesOf(join(cli.workingFolder, 'killed'))).toEqual(expected);
    expect((await readdir(cli.workingFolder)).filter((name) => name.includes('cosmos-part'))).toEqual([]);
    const { stdout } = await promisify(execFile)('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=width,height,pix_fmt', '-of', 'csv=p=0'],
      join(cli.workingFolder, 'killed', 'f_0005.png'),
    ]);
    expect(stdout.trim()).toBe('68,44,rgb24');
    const report = await readFile(whole.report.html, 'utf8');
    expect(report.match(/data:image\/jpeg/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it('makes a video with a rate, refuses gaps, and a run whose pictures have changed', async () => {
    const gap = await cli.run(['upscale', source, '-o', 'film.mp4']);
    expect(gap.code).toBe(2);
    expect(gap.stderr).toMatch(/missing: 9\.[\s\S]*--keep-going/);
    await copyFile(join(source, 'f_0008.png'), join(source, 'f_0009.png'));
    const { child, ended } = await cli.start([
      'upscale',
      source,
      '-o',
      'film.mp4',
      '--fps',
      '23.976',
      '--events',
      '-',
    ]);
    child.stdout?.on('data', (text: string) => text.includes('segment-finished') && child.kill('SIGKILL'));
    await ended;
    const other = await cli.run(['resume', 'latest', '--fps', '25']);
    expect(other).toMatchObject({ code: 6, stderr: expect.stringContaining('--fps') });
    const picture = await readFile(join(source, 'f_0040.png'));
    await copyFile(join(source, 'f_0041.png'), join(source, 'f_0040.png'));
    const changed = await cli.run(['resume', 'latest']);
    expect(changed).toMatchObject({ code: 6, stderr: expect.stringContaining('changed') });
    await writeFile(join(source, 'f_0040.png'), picture);
    const end = await cli.run(['resume', 'latest', '--json']);
    expect(end.code, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({ video: { frames, max_time_error_ms: 0 } });
    const { stdout } = await promisify(execFile)('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=r_frame_rate,nb_frames', '-of', 'csv=p=0'],
      join(cli.workingFolder, 'film.mp4'),
    ]);
    expect(stdout.trim()).toBe(`24000/1001,${frames}`);
  });

  it('takes a folder for what it is', async () => {
    const mixed = join(cli.workingFolder, 'mixed');
    await makePictures(mixed, 'a%d.png', { width: 34, height: 22, frames: 1 });
    await makePictures(mixed, 'a2.png', { width: 20, height: 20, frames: 1 });
    // Pictures of two sizes are no video, and each becomes a larger one by itself.
    const refused = await cli.run(['upscale', mixed, '-o', 'mixed.mp4']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('a2.png is 20x20') });
    expect(await upscale(mixed, '-o', 'larger')).toMatchObject({
      kind: 'upscale-set',
      counts: { finished: 2 },
    });
    expect(await readdir(join(cli.workingFolder, 'larger'))).toEqual(
      expect.arrayContaining(['a1.png', 'a2.png']),
    );
    const one = await cli.run(['upscale', source, '-o', 'one.png']);
    expect(one).toMatchObject({ code: 2, stderr: expect.stringContaining('the name of one picture') });
    await expect(stat(join(cli.workingFolder, 'one.png'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
