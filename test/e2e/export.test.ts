import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { familyNames } from '../../src/core/inference/families.ts';
import { makeClip } from '../support/clips.ts';
import { readModelInput } from '../support/model-input.ts';
import { Cli } from '../support/run-cli.ts';
import { SmallDisk, smallDiskSkipReason } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
let folder = '';

beforeAll(async () => {
  cli = new Cli(await temporaryFolder());
  folder = cli.workingFolder;
  await mkdir(join(folder, 'specs', 'b'), { recursive: true });
  for (const name of ['color.mp4', 'depth.mp4']) {
    await makeClip(join(folder, 'specs', name), { width: 320, height: 180, seconds: 1 });
  }
  const spec = {
    name: 'Harbour: "dawn"',
    prompt: 'Cranes at dawn',
    input_video_path: 'color.mp4',
    control_inputs: { edge: null, depth: 'depth.mp4' },
  };
  const own = { inference: { parameters: { seed: 7 }, control_weights: { depth: 0.6 } } };
  const specs = {
    'a.json': spec,
    // The same name, but for the case of its letters.
    'b/a.json': { ...spec, name: 'HARBOUR: "dawn"', metadata: own },
    'bare.json': { prompt: 'No video at all' },
    'lost.json': { ...spec, control_inputs: { depth: 'nowhere.mp4' } },
    'odd.json': { ...spec, metadata: { inference: { parameters: { num_steps: 0 } } } },
  };
  for (const [name, value] of Object.entries(specs)) {
    await writeFile(join(folder, 'specs', name), JSON.stringify(value));
  }
});

it.each(familyNames)('writes what %s reads, and says what it left out', async (family) => {
  const { code, stdout } = await cli.run(['export', 'specs', '--format', family, '--json']);
  expect(code).toBe(3);
  const { specs, groups, folder: out } = JSON.parse(stdout);
  const reasons = Object.fromEntries(
    specs.flatMap(({ spec, refusal }: { spec: string; refusal: string | null }) =>
      refusal ? [[spec, refusal]] : [],
    ),
  );
  expect(reasons).toEqual({
    'bare.json': expect.stringMatching(/no video/),
    'lost.json': expect.stringMatching(/^depth: There is no video "nowhere.mp4"/),
    'odd.json': expect.stringMatching(/^metadata\.inference\.parameters\.num_steps: /),
  });
  let read = 0;
  for (const { files } of groups) {
    const contents = files.map(async (name: string) => ({
      name,
      text: await readFile(join(out, name), 'utf8'),
    }));
    read += readModelInput(family, await Promise.all(contents)).length;
  }
  expect(read).toBe(2);
  const readme = await readFile(join(out, 'README.md'), 'utf8');
  for (const { command } of groups) expect(readme).toContain(command);
});

it('takes parameters from the spec before those of flags, and both before the settings', async () => {
  await writeFile(join(folder, 'own.toml'), '[inference.parameters]\nnum_steps = 20\nseed = 3\n');
  const flags = ['--format', 'transfer2.5', '--seed', '5', '--weight', 'depth=0.5', '--config', 'own.toml'];
  await cli.run(['export', 'specs', '--output-dir', 'tuned', ...flags]);
  const lines = (await readFile(join(folder, 'tuned', 'samples_01.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      name: 'Harbour_dawn',
      num_steps: 20,
      seed: 5,
      depth: { control_weight: 0.5 },
      edge: { control_weight: 0.25 },
    },
    { name: 'HARBOUR_dawn_2', num_steps: 20, seed: 7, depth: { control_weight: 0.6 } },
  ]);
});

it.each(['--copy', '--link'])('brings the videos along: %s', async (how) => {
  const out = join(folder, `with${how}`);
  await cli.run(['export', 'specs/a.json', '--format', 'cosmos3', '--output-dir', out, how]);
  const [video, control] = ['Harbour_dawn.mp4', 'Harbour_dawn_depth.mp4'].map((name) =>
    join(out, 'videos', name),
  );
  expect(await readFile(video ?? '')).toEqual(await readFile(join(folder, 'specs', 'color.mp4')));
  expect(await readFile(control ?? '')).toEqual(await readFile(join(folder, 'specs', 'depth.mp4')));
  expect((await lstat(video ?? '')).isSymbolicLink()).toBe(how === '--link');
  expect(JSON.parse(await readFile(join(out, 'Harbour_dawn.json'), 'utf8'))).toMatchObject({
    vision_path: 'videos/Harbour_dawn.mp4',
    depth: { control_path: 'videos/Harbour_dawn_depth.mp4' },
  });
});

it('leaves an earlier export as it is unless it is told to replace it', async () => {
  const again = ['export', 'specs/a.json', '--format', 'predict2', '--output-dir', 'once'];
  expect((await cli.run(again)).code).toBe(0);
  const { code, stderr } = await cli.run(again);
  expect(code).toBe(2);
  expect(stderr).toContain('--force');
  expect((await cli.run([...again, '--force'])).code).toBe(0);
});

it('ends with 2, and writes nothing, when the model would take no spec', async () => {
  const { code, stderr } = await cli.run(['export', 'specs/bare.json', '--output-dir', 'empty']);
  expect(code).toBe(2);
  expect(stderr).toContain('bare.json');
  expect(await readdir(folder)).not.toContain('empty');
});

it('takes folders that stand behind a weight', async () => {
  const flags = ['--weight', 'depth=0.5', '--output-dir', 'behind'];
  const { code } = await cli.run(['export', ...flags, '--weight', 'edge=0.3', 'specs/a.json']);
  expect(code).toBe(0);
});

it('takes each line of a file as a spec, broken ones left out', async () => {
  const line = JSON.stringify({
    prompt: 'Gulls',
    input_video_path: 'color.mp4',
    control_inputs: { edge: null },
  });
  await mkdir(join(folder, 'more'), { recursive: true });
  await makeClip(join(folder, 'more', 'color.mp4'), { width: 320, height: 180, seconds: 1 });
  await writeFile(join(folder, 'more', 'list.jsonl'), `${line}\n{\n${line}\n`);
  const { code, stdout } = await cli.run([
    'export',
    'more',
    '--format',
    'transfer2.5',
    '--output-dir',
    'lines',
    '--json',
  ]);
  expect(code).toBe(3);
  const refused = {
    spec: 'list.jsonl#2',
    name: null,
    refusal: expect.stringMatching(/^line 2: not valid JSON/),
  };
  const { specs } = JSON.parse(stdout);
  expect(specs).toMatchObject([{ spec: 'list.jsonl#1' }, refused, { spec: 'list.jsonl#3' }]);
  expect((await readFile(join(folder, 'lines', 'samples_01.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(
    2,
  );
});

it('takes neither runs nor other exports for specs', async () => {
  await mkdir(join(folder, 'checkpoints', 'run'), { recursive: true });
  await writeFile(join(folder, 'checkpoints', 'run', 'checkpoint.json'), '{}');
  const { stdout } = await cli.run(['export', '.', '--output-dir', 'all', '--force', '--json']);
  const names: string[] = JSON.parse(stdout).specs.map(({ spec }: { spec: string }) => spec);
  expect(names).toContain('specs/a.json');
  expect(names.filter((name) => /^(checkpoints|outputs)\//.test(name))).toEqual([]);
});

it('says on a full disk how to go on, and leaves no README behind', async ({ skip }) => {
  const reason = smallDiskSkipReason();
  if (reason) skip(reason);
  using disk = new SmallDisk(join(folder, 'small'), 1);
  disk.fill();
  const { code, stderr } = await cli.run(['export', 'specs/a.json', '--copy', '--output-dir', 'small/x']);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/its disk is full(.|\n)*then export again/)]);
  await expect(readFile(join(disk.folder, 'x', 'README.md'))).rejects.toThrow('ENOENT');
});

it('writes requests for a batch, and takes the answers back', async () => {
  const batch = ['export', 'specs', '--format', 'openai-batch', '--model', 'some-model'];
  const exported = await cli.run([...batch, '--allow-text-only', '--json']);
  expect(exported).toMatchObject({ code: 0, stderr: '' });
  const { groups, folder: out, counts } = JSON.parse(exported.stdout);
  expect({ groups, counts }).toMatchObject({
    groups: [{ specs: 5, files: ['requests_01.jsonl', 'requests_01.index.jsonl'] }],
    counts: { specs: 5, refused: 0 },
  });
  expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('cosmos import-answers answers_01.jsonl');
  const requests = (await readFile(join(out, 'requests_01.jsonl'), 'utf8')).trim().split('\n');
  const answers = requests.map((line, index) => {
    const content = `Rusted cranes number ${index} lean into violet light while gulls cross the water`;
    const body = { choices: [{ message: { content }, finish_reason: 'stop' }] };
    return { custom_id: JSON.parse(line).custom_id, response: { status_code: 200, body }, error: null };
  });
  const texts = [...answers, { custom_id: 'unknown' }].map((answer) => JSON.stringify(answer));
  await writeFile(join(folder, 'answers.jsonl'), `${texts.join('\n')}\nnot JSON\n`);
  const imported = await cli.run(['import-answers', 'answers.jsonl']);
  expect(imported.code).toBe(3);
  expect(imported.stdout).toContain('5 specs enriched: outputs/upsampled');
  expect(imported.stdout).toContain('1 answer to requests that this export does not have:\n    unknown');
  expect(imported.stdout).toMatch(/answers\.jsonl:\d: it is not an answer/);
  const enriched = JSON.parse(await readFile(join(folder, 'outputs', 'upsampled', 'bare.json'), 'utf8'));
  expect(enriched).toMatchObject({ is_upsampled: true, parent_prompt_text: 'No video at all' });
  expect(enriched.prompt).toContain('lean into violet light');
});

it.each([
  {
    args: ['--format', 'openai-batch', '--model', 'm', '--num-steps', '3'],
    problem: '--num-steps has no effect',
  },
  { args: ['--format', 'predict2', '--model', 'm'], problem: '--model has no effect' },
  { args: ['--format', 'openai-batch'], problem: 'Requests for a batch name their model' },
])('refuses what would do nothing: $args', async ({ args, problem }) => {
  const { code, stderr } = await cli.run(['export', 'specs', ...args]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) });
});
