import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Videos as recorders, downloads and `cat` leave them. */

let cli: Cli;
let folder = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  cli = new Cli(folder);
});

const restarts = ['-mpegts_flags', '+initial_discontinuity'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];

function ffmpeg(...args: readonly string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { cwd: folder });
}

/** Two seconds of a moving picture, with a tone where sound is asked for. */
function shoot(name: string, sound: readonly string[] | null, ...options: readonly string[]): string {
  const tone = sound ? ['-f', 'lavfi', '-i', 'sine=d=2', ...sound] : [];
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=2', ...tone, ...options, name);
  return name;
}

/** The files one after the other, byte by byte. */
async function joined(name: string, ...parts: readonly string[]): Promise<string> {
  await writeFile(
    join(folder, name),
    Buffer.concat(await Promise.all(parts.map((part) => readFile(join(folder, part))))),
  );
  return name;
}

async function upscale(input: string, output: string) {
  const { code, stdout } = await cli.run([
    'upscale',
    join(folder, input),
    '-o',
    join(folder, output),
    '--preset',
    'ultrafast',
    '--json',
  ]);
  return { code, json: JSON.parse(stdout), path: join(folder, output) };
}

/** When each packet of the first stream of a type is shown, in seconds, and when the last one ends. */
function timesOf(path: string, type: 'v' | 'a') {
  const question = [
    '-select_streams',
    `${type}:0`,
    '-show_entries',
    'packet=pts_time,duration_time',
    '-of',
    'csv=p=0',
  ];
  const rows = execFileSync('ffprobe', ['-v', 'error', ...question, path], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .sort(([one = 0], [other = 0]) => one - other);
  const [lastTime = 0, lastDuration = 0] = rows.at(-1) ?? [];
  return { times: rows.map(([time = 0]) => time), end: lastTime + lastDuration };
}

describe('a clock that breaks', () => {
  beforeAll(() => {
    shoot('a.ts', ['-c:a', 'aac'], ...h264);
    shoot('b.ts', ['-c:a', 'aac'], ...h264, ...restarts);
    shoot('later.ts', ['-c:a', 'aac'], ...h264, ...restarts, '-output_ts_offset', '5000');
    shoot('a.mkv', ['-c:a', 'aac'], ...h264);
    shoot('a.mpg', ['-c:a', 'mp2'], '-c:v', 'mpeg2video');
    shoot(
      'hevc.ts',
      ['-c:a', 'ac3'],
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=error',
    );
  });

  it.each([
    {
      what: 'leaps ahead by hours, and back again',
      parts: ['a.ts', 'later.ts', 'b.ts'],
      name: 'both.ts',
      output: 'mp4',
    },
    { what: 'begins again in a program stream', parts: ['a.mpg', 'a.mpg'], name: 'twice.mpg', output: 'mp4' },
    { what: 'begins again in Matroska', parts: ['a.mkv', 'a.mkv'], name: 'twice.mkv', output: 'mkv' },
    {
      what: 'begins again, HEVC with AC-3',
      parts: ['hevc.ts', 'hevc.ts'],
      name: 'hevc-twice.ts',
      output: 'mov',
    },
  ])('is joined, sound and picture together, when it $what', async ({ parts, name, output }) => {
    const { code, json, path } = await upscale(await joined(name, ...parts), `${name}.${output}`);
    expect(json).toMatchObject({ status: 'complete', counts: { frames: 50 * parts.length } });
    expect(code).toBe(0);
    expect(json.notices.join(' ')).toMatch(
      /The video's clock jumps \(after \d\.\d s it goes (back|ahead) by/,
    );
    const [video, audio] = [timesOf(path, 'v'), timesOf(path, 'a')];
    expect(video.times).toHaveLength(50 * parts.length);
    // An encoder of sound adds up to two of its own frames to each part.
    expect(video.end).toBeGreaterThan(2 * parts.length - 0.05);
    expect(video.end).toBeLessThan(2 * parts.length + 0.2);
    expect(Math.abs(audio.end - video.end)).toBeLessThan(0.15);
    // The copy that was read for it is gone.
    expect(await readdir(join(folder, 'home', '.cache', 'cosmos', 'retimed')).catch(() => [])).toEqual([]);
  });
});

describe('the last frame', () => {
  const held = ['-vf', "tpad=stop=1:stop_mode=clone,setpts='if(eq(N,50),PTS+3/TB,PTS)'", '-fps_mode', 'vfr'];

  it.each([
    { name: 'held.gif', options: ['-vf', 'fps=10', '-final_delay', '300'], seconds: 4.9 },
    { name: 'held.apng', options: ['-vf', 'fps=10', '-final_delay', '3'], seconds: 4.9 },
    // Matroska alone can say how long a single block is shown.
    { name: 'held.mkv', options: [...h264, ...held], seconds: 5.04 },
  ])('stays as long as the source says: $name', async ({ name, options, seconds }) => {
    const { code, json, path } = await upscale(shoot(name, null, ...options), `${name}.mp4`);
    expect(code).toBe(0);
    expect(json.video.duration_seconds).toBeCloseTo(seconds, 1);
    expect(timesOf(path, 'v').times.at(-1)).toBeLessThan(seconds - 0.01);
  });

  it('stays as long in what is made of the result: MP4 notes it in the length of the track', async () => {
    const again = await upscale('held.gif.mp4', 'again.mkv');
    expect(again.json.video.duration_seconds).toBeCloseTo(4.9, 1);
  });
});

describe('frames whose format changes on the way', () => {
  it.each([
    {
      what: 'size from 64x36 to 128x72',
      name: 'size.ts',
      options: ['-vf', 'scale=128:72', ...h264],
    },
    {
      what: 'pixel format',
      name: 'depth.ts',
      options: ['-pix_fmt', 'yuv420p10le', ...h264],
    },
    {
      what: 'shape of a pixel from 1/1 to 4/3',
      name: 'shape.ts',
      options: ['-vf', 'setsar=4/3', ...h264],
    },
  ])('are all kept: $what', async ({ what, name, options }) => {
    const first = shoot('plain.ts', null, ...h264);
    const second = shoot('other.ts', null, ...options, ...restarts, '-output_ts_offset', '2.2');
    const { code, json, path } = await upscale(await joined(name, first, second), `${name}.mp4`);
    expect(json).toMatchObject({ status: 'complete', counts: { frames: 100 } });
    expect(code).toBe(0);
    expect(json.notices.join(' ')).toContain(`The frames change their ${what} after 2.2 s`);
    expect(timesOf(path, 'v').times).toHaveLength(100);
  });
});
