import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { networkModel, repeatingNetwork } from '../support/onnx/sample-models.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const size = { width: 128, height: 96 };

let cli: Cli;
const inFolder = (name: string) => join(cli.workingFolder, name);

beforeAll(async () => {
  cli = new Cli(await temporaryFolder());
  await mkdir(cli.workingFolder, { recursive: true });
  await makeClip(inFolder('film.mp4'), { ...size, frames: 24, fps: 24 });
  await writeFile(inFolder('toy.onnx'), networkModel(repeatingNetwork(2)));
  await writeFile(inFolder('broken.onnx'), 'no model');
});

it('shows the source, Lanczos and each model as a run would encode them, and starts no run', async () => {
  const models = ['toy.onnx', 'broken.onnx', 'esrgan-slim'].flatMap((model) => ['--model', model]);
  const args = ['upscale', 'film.mp4', '--preview', '--at', '0:00.5', '--at', '4f', ...models];
  const { code, stdout, stderr } = await cli.run([...args, '--json']);
  // One of the models cannot be used, and the others are shown none the less.
  expect(code, stderr).toBe(3);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    ...{ kind: 'upscale-preview', page: inFolder('film-2x.preview.html') },
    ...{ video: { frames: 24, seconds: 1, ...size }, output: { width: 256, height: 192 } },
    moments: [{ frame: 4 }, { frame: 13, seconds: 0.5 }],
    variants: [
      { name: 'Lanczos', failure: null },
      { name: 'toy.onnx', model_scale: 2, failure: null },
      { name: 'broken.onnx', duration_ms: null, failure: expect.stringContaining('broken.onnx') },
      { name: 'esrgan-slim', model_scale: 2, failure: null },
    ],
  });
  for (const { failure, duration_ms: ms, frames_per_second: rate } of document.variants)
    if (failure === null) expect([ms > 0, rate > 0]).toEqual([true, true]);
  expect((await readdir(cli.workingFolder)).sort()).toEqual(
    ['broken.onnx', 'film-2x.preview.html', 'film.mp4', 'toy.onnx'].sort(),
  );

  const page = await readFile(inFolder('film-2x.preview.html'), 'utf8');
  const crops = document.moments.flatMap(({ crops: of }: { crops: object[] }) => of).length;
  expect(page.match(/<img class="source"/g)).toHaveLength(crops);
  expect(page.match(/<img class="larger"/g)).toHaveLength(3 * crops);
  // A second one takes the place of the first.
  expect((await cli.run([...args.slice(0, 5), '--engine', 'lanczos'])).code).toBe(0);
  expect((await stat(inFolder('film-2x.preview.html'))).size).toBeLessThan(page.length);

  for (const [name, flags] of [
    ['Lanczos', []],
    ['toy.onnx', ['--model', 'toy.onnx']],
  ] as const) {
    const output = `${name}.mkv`;
    const made = await cli.run(['upscale', 'film.mp4', '-o', output, '--codec', 'ffv1', ...flags]);
    expect(made.code, made.stderr).toBe(0);
    const [moment] = document.moments;
    const [{ x, y, width, height }] = moment.crops;
    const cut = `crop=${2 * width}:${2 * height}:${2 * x}:${2 * y}:exact=1`;
    const inRun = await rgbOf(inFolder(output), `select=eq(n\\,3),${toRgb},${cut}`);
    const url = new RegExp(`alt="${name}: frame 4, crop 1" src="data:image/png;base64,([^"]+)"`).exec(page);
    await writeFile(inFolder('crop.png'), Buffer.from(url?.[1] ?? '', 'base64'));
    expect((await rgbOf(inFolder('crop.png'), 'format=rgb24')).equals(inRun), name).toBe(true);
  }
});

it.each([
  {
    rule: 'a moment past the end',
    args: ['--at', '0:03'],
    says: /past the end: the video is 1 s \(24 frames\) long/,
  },
  { rule: 'what is no time', args: ['--at', 'soon'], says: /not a time/ },
  { rule: 'several videos', args: ['toy.onnx'], says: /one video at a time/ },
  { rule: 'another host', args: ['--host', 'gpu1'], says: /made on this machine/ },
  { rule: 'a run', args: ['--detach'], says: /starts no run/ },
  { rule: 'a page that is there', args: ['-o', 'notes.html'], says: /notes\.html already exists/ },
])('refuses $rule', async ({ args, says }) => {
  await writeFile(inFolder('notes.html'), 'mine');
  const { code, stderr } = await cli.run(['upscale', 'film.mp4', '--preview', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
  expect(await readFile(inFolder('notes.html'), 'utf8')).toBe('mine');
});

it('several models are for a preview alone', async () => {
  const { code, stderr } = await cli.run([
    'upscale',
    'film.mp4',
    '--model',
    'toy.onnx',
    '--model',
    'esrgan-slim',
  ]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('add --preview')]);
});

/** As a run's frames become colours: the clip says nothing of its own, and is small. */
const toRgb =
  'scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact:in_color_matrix=smpte170m:in_range=tv:in_h_chr_pos=0:out_h_chr_pos=0:in_v_chr_pos=128:out_v_chr_pos=128:out_range=pc,format=rgb24';

async function rgbOf(path: string, filter: string): Promise<Buffer> {
  const args = [
    '-v',
    'error',
    '-i',
    path,
    '-vf',
    filter,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 2 ** 26 });
  return stdout;
}
