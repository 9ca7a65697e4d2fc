import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { networkModel, sampleNetwork } from '../support/onnx/sample-models.ts';
import { Cli } from '../support/run-cli.ts';
import { SmallDisk, smallDiskSkipReason } from '../support/small-disk.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;

beforeAll(async () => {
  cli = new Cli(await temporaryFolder());
  await writeSpecs(join(cli.workingFolder, 'specs'), { 's.json': sampleSpec({ input_video_path: '' }) });
  await writeFile(join(cli.workingFolder, 'x4.onnx'), networkModel(sampleNetwork(4, [3])));
  await writeFile(join(cli.workingFolder, 'x1.onnx'), networkModel(sampleNetwork(1, [3])));
  await writeFile(join(cli.workingFolder, 'model.pth'), 'PK\x03\x04\x00\x00archive/data.pkl');
  await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 24 });
});

async function configure(...lines: readonly string[]): Promise<void> {
  await cli.configure(`${lines.join('\n')}\n`);
}

/** What `doctor` finds, by the names of its checks. */
async function checksOf(...args: readonly string[]) {
  const end = await cli.run(['doctor', '--json', ...args]);
  const { checks } = JSON.parse(end.stdout) as {
    checks: { name: string; status: string; detail: string; fix: string | null }[];
  };
  return { code: end.code, checks: new Map(checks.map(({ name, ...check }) => [name, check])) };
}

async function errorOf(args: readonly string[]): Promise<{ message: string; next_step: string }> {
  const end = await cli.run([...args, '--no-progress', '--json']);
  expect(end.code).toBe(2);
  return JSON.parse(end.stdout).error;
}

it('does not call the making of videos ready where nothing is set up that makes them', async () => {
  await configure('');
  expect((await checksOf()).checks.get('inference')).toMatchObject({
    status: 'skipped',
    detail: expect.stringContaining('inference.program_dir'),
  });
});

describe('doctor says the sentence that a run is refused with', () => {
  it.each([
    {
      check: 'upscaling',
      config: ['[upscaling]', 'engine = "onnx"', 'model = "model.pth"'],
      run: ['upscale', 'film.mp4', '-o', 'large.mp4'],
      says: 'holds weights for PyTorch',
    },
    {
      check: 'inference',
      config: ['[inference]', 'program_dir = "/nowhere/at/all"'],
      run: ['run', 'specs', '--stages', 'inference'],
      says: 'inference.program_dir',
    },
    {
      check: 'checkpoints',
      config: ['[upsampling]', 'checkpoint_dir = "film.mp4/runs"'],
      run: ['batch-upsample', 'specs', '--allow-text-only'],
      says: 'a file is in its place',
    },
    {
      check: 'engine',
      config: ['[upsampling.engine]', 'kind = "openai"', 'model = "org/model"'],
      run: ['batch-upsample', 'specs', '--allow-text-only'],
      says: 'base_url',
    },
  ])('$check', async ({ check, config, run, says }) => {
    await configure(...config);
    const { code, checks } = await checksOf();
    expect(code).toBe(2);
    const found = checks.get(check);
    expect(found).toMatchObject({ status: 'failed', detail: expect.stringContaining(says) });
    const { message, next_step: nextStep } = await errorOf(run);
    expect({ detail: message, fix: nextStep }).toEqual({ detail: found?.detail, fix: found?.fix });
  });
});

it('with --deep, a model is loaded and tried', async () => {
  const upscaling = ['[upscaling]', 'engine = "onnx"'];
  await configure(...upscaling, 'model = "x1.onnx"');
  const wrong = await checksOf('--deep');
  expect(wrong.code).toBe(2);
  expect(wrong.checks.get('upscaling')?.detail).toContain('enlarges nothing');
  await configure(...upscaling, 'model = "x4.onnx"');
  expect((await checksOf()).checks.get('upscaling')?.detail).toContain('--deep');
  const right = await checksOf('--deep');
  expect(right.code).toBe(0);
  expect(right.checks.get('upscaling')).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('loaded'),
  });
});

it('a value that cannot be is a failure, and nothing is ticked that follows from it', async () => {
  await configure('');
  const { code, checks } = await checksOf('--base-url', 'localhost:8000');
  expect(code).toBe(2);
  expect(checks.get('settings')?.status).toBe('failed');
  expect([...checks.keys()]).toEqual(['settings files', 'node', 'ffmpeg', 'ffprobe', 'settings']);
});

it.skipIf(smallDiskSkipReason() !== null)('a disk that is full, or nearly, is a failure', async () => {
  const folder = join(cli.workingFolder, 'disk');
  await mkdir(folder, { recursive: true });
  using disk = new SmallDisk(folder, 8);
  await configure('[upsampling]', 'output_dir = "disk/out"');
  const nearly = await checksOf();
  expect(nearly.code).toBe(2);
  expect(nearly.checks.get('output')).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('0.0 GiB'),
  });
  disk.fill();
  const full = await checksOf();
  expect(full.checks.get('output')).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('is full'),
  });
});
