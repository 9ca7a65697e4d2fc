import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { networkModel, sampleNetwork } from '../support/onnx/sample-models.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
const files: Readonly<Record<string, string | Buffer>> = {
  'x4.onnx': networkModel(sampleNetwork(4, [3])),
  'x1.onnx': networkModel(sampleNetwork(1, [3])),
  'model.pth': 'PK\x03\x04\x00\x00archive/data.pkl',
  'lfs.onnx': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n',
  'page.onnx': '<!DOCTYPE html><html><title>Sign in</title></html>',
  'empty.onnx': '',
};

beforeAll(async () => {
  cli = new Cli(await temporaryFolder());
  await mkdir(cli.workingFolder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(cli.workingFolder, name), content);
  await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 24 });
});

const upscale = ['upscale', 'film.mp4', '-o', 'large.mp4', '--model'];
const retouch = ['retouch', 'film.mp4', '--region', '10%,10%,20%,20%', '--model'];

it.each([
  { rule: 'a model that enlarges nothing', args: [...upscale, 'x1.onnx'], says: 'enlarges nothing' },
  { rule: 'weights for PyTorch', args: [...upscale, 'model.pth'], says: 'holds weights for PyTorch' },
  { rule: 'a pointer of Git LFS', args: [...upscale, 'lfs.onnx', '--host', 'far'], says: 'git lfs pull' },
  { rule: 'a web page', args: [...retouch, 'page.onnx'], says: 'is a web page' },
  { rule: 'an empty file', args: [...retouch, 'empty.onnx'], says: 'is empty' },
  {
    rule: 'weights to find regions with',
    args: ['retouch', 'film.mp4', '--detect', 'model.pth'],
    says: 'cosmos help engines',
  },
  {
    rule: 'no file to find regions with',
    args: ['retouch', 'film.mp4', '--detect', 'faces'],
    says: '--detect takes text or a model file (.onnx)',
  },
])('$rule is refused by the dry run, before the video is read', async ({ args, says }) => {
  await cli.configure('[hosts.far]\naddress = "127.0.0.1"\n');
  const end = await cli.run([...args, '--dry-run', '--events', 'events.jsonl', '--json']);
  expect(end.code).toBe(2);
  const { error } = JSON.parse(end.stdout);
  expect(['model-unreadable', 'prerequisite-missing', 'input-missing']).toContain(error.code);
  expect(`${error.message} ${error.next_step}`).toContain(says);
  // How far the video was read would be said.
  expect(end.stderr).not.toMatch(/frames/);
});

it('a model works at its own scale; what is then done to its frames is said before', async () => {
  const planOf = async (...size: readonly string[]) => {
    const { code, stdout } = await cli.run([...upscale, 'x4.onnx', ...size, '--dry-run', '--json']);
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };
  const said = expect.stringContaining('The model makes frames 4 times as large (256x144)');
  const smaller = await planOf('--size', 'x90');
  expect(smaller).toMatchObject({ output: { width: 160, height: 90 }, engine: { scale: 2.5, size: 'x90' } });
  expect(smaller.notices).toContainEqual(said);
  expect((await planOf('--scale', '4')).notices).not.toContainEqual(said);
});
