import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
import { inferenceReportSchema } from '../../src/core/inference/inference-report.ts';
import { makeClip } from '../support/clips.ts';
import { isMarked } from '../support/read-marker.ts';
import { Cli } from '../support/run-cli.ts';
import { programEnvironment } from '../support/sample-videos.ts';
import { bundleModelPrograms } from '../support/stand-in/bundle-program.ts';
import { markerOf } from '../support/stand-in/model-program.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const programs = await temporaryFolder();
let cli: Cli;
let folder = '';
let journal = '';

beforeAll(() => bundleModelPrograms(programs));

beforeEach(async () => {
  const user = await temporaryFolder();
  journal = join(user, 'journal.jsonl');
  cli = new Cli(user, programEnvironment(programs, journal));
  folder = cli.workingFolder;
  await makeClip(join(folder, 'clip.mp4'), { width: 320, height: 180, seconds: 1 });
});

async function writeSpec(name: string, prompt: string, more: object = {}): Promise<void> {
  const spec = { name, prompt, input_video_path: '../clip.mp4', control_inputs: { edge: null }, ...more };
  await mkdir(join(folder, 'specs'), { recursive: true });
  await writeFile(join(folder, 'specs', `${name}.json`), JSON.stringify(spec));
}

async function readEnriched(name: string) {
  return JSON.parse(await readFile(join(folder, 'outputs', 'upsampled', `${name}.json`), 'utf8'));
}

const videoPath = (name: string, video = name) => join(folder, 'outputs', 'videos', name, `${video}.mp4`);

function noted(event: string): { prompt: string; pid: number }[] {
  if (!existsSync(journal)) return [];
  const lines = readFileSync(journal, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
}

const expectOfPrompt = (path: string, prompt: string) => expect(isMarked(path, markerOf(prompt))).toBe(true);

async function run(...args: string[]) {
  const { code, stdout, stderr } = await cli.run(['run', ...args, '--json', '--no-progress']);
  return { code, stderr, summary: stdout === '' ? null : JSON.parse(stdout) };
}

it('makes videos of prompts, writes what it knows into the specs, and reuses them', async () => {
  for (const name of ['a', 'b', 'c']) await writeSpec(name, `A crane ${name}`);
  const { mtimeMs } = await stat(join(folder, 'clip.mp4'));
  const { code, summary } = await run('specs');
  expect([code, summary.status, summary.counts]).toMatchObject([0, 'complete', { total: 3, made: 3 }]);
  for (const name of ['a', 'b', 'c']) {
    const { prompt, metadata } = await readEnriched(name);
    expectOfPrompt(videoPath(name), prompt);
    expect(metadata.inference).toMatchObject({
      ...{ version: 1, run_id: summary.run_id, family: 'transfer2.5', guardrails: 'on' },
      video: { path: videoPath(name), frames: 6, width: 64 },
    });
  }
  expect(noted('start')).toHaveLength(1);
  const again = await run('specs');
  expect(again.summary.counts).toMatchObject({ total: 3, made: 0, reused: 3 });
  expect(noted('start')).toHaveLength(1);
  // Enriched specs are an input as good as their sources: their videos are found from where those lie.
  const enriched = await run('outputs/upsampled', '--videos-dir', 'more');
  expect(enriched.summary.counts).toMatchObject({ total: 3, made: 3, prompts: { skipped: 3 } });
  expect((await stat(join(folder, 'clip.mp4'))).mtimeMs).toBe(mtimeMs);
  // Other parameters make another video, which takes no file's place unasked.
  const other = await run('specs', '--seed', '7', '--only', 'a');
  expect([other.code, other.summary.failures[0].code]).toEqual([3, 'video-exists']);
  const forced = await run('specs', '--seed', '7', '--only', 'a', '--force');
  expect([forced.code, forced.summary.counts.made]).toEqual([0, 1]);
});

it('waits for a person with --review, and takes prompts as they were edited', async () => {
  for (const name of ['a', 'b', 'c']) await writeSpec(name, `A mill ${name}`);
  const paused = await run('specs', '--review');
  expect([paused.code, paused.summary.status, noted('start').length]).toEqual([0, 'paused', 0]);
  // Attaching to it would use the GPU unasked.
  const attached = await cli.run(['attach', 'latest']);
  expect([attached.code, attached.stderr]).toEqual([2, expect.stringContaining('cosmos resume ')]);
  const spec = await readEnriched('b');
  const path = join(folder, 'outputs', 'upsampled', 'b.json');
  await writeFile(path, JSON.stringify({ ...spec, prompt: 'A mill of glass' }));
  const shown = /cosmos (resume \S+)/.exec(attached.stderr)?.[1] ?? '';
  const resumed = await cli.run([...shown.split(' '), '--skip', 'c.json', '--json', '--no-progress']);
  const summary = JSON.parse(resumed.stdout);
  expect([resumed.code, summary.status]).toEqual([0, 'complete']);
  expect(summary.counts).toMatchObject({ total: 3, made: 2, skipped: 1 });
  expectOfPrompt(videoPath('b'), 'A mill of glass');
  expect((await readEnriched('b')).metadata.inference.prompt_edited).toBe(true);
  expect((await readEnriched('a')).metadata.inference.prompt_edited).toBeUndefined();
  expect(existsSync(videoPath('c'))).toBe(false);
  const { html, json } = summary.report;
  await rm(html);
  expect((await cli.run(['report', 'latest'])).code).toBe(0);
  const { items } = inferenceReportSchema.parse(JSON.parse(await readFile(json, 'utf8')));
  expect(items.map(({ status, videos }) => [status, videos[0]?.is_prompt_edited])).toEqual([
    ['done', false],
    ['done', true],
    ['left-out', false],
  ]);
  expect((await readFile(html, 'utf8')).match(/"clip":"/g)).toHaveLength(2);
});

it('makes a video of each RunSpec, and keeps what fails to itself', async () => {
  const asked = { parameters: { fps: 12 } };
  await writeSpec('a', 'A lighthouse', { id: 'ps_000000000001', metadata: { inference: asked } });
  await writeSpec('b', 'A lighthouse [blocked]');
  await writeSpec('c', 'A lighthouse without a film', { input_video_path: 'nowhere.mp4' });
  const runSpec = (id: string, parameters: object, weight: number) =>
    writeFile(
      join(folder, 'specs', `${id}.json`),
      JSON.stringify({ id, prompt_id: 'ps_000000000001', parameters, control_weights: { edge: weight } }),
    );
  await runSpec('rs_00000000000a', { seed: 3 }, 0.5);
  await runSpec('rs_00000000000b', { num_steps: 20 }, 1);
  await runSpec('rs_00000000000c', { num_steps: 500 }, 1);
  await writeFile(join(folder, 'specs', 'd.json'), '{');
  // What is there and was made by no run stays.
  const theirs = join(folder, 'outputs', 'upsampled', 'rs_00000000000b.json');
  await mkdir(dirname(theirs), { recursive: true });
  await writeFile(theirs, '{"auths":{}}');
  const refused = await run('specs');
  expect([refused.code, refused.summary.error]).toMatchObject([2, { code: 'output-exists' }]);
  expect(await readFile(theirs, 'utf8')).toBe('{"auths":{}}');
  await rm(theirs);
  const { code, summary } = await run('specs');
  expect([code, summary.counts]).toMatchObject([3, { total: 6, made: 2, failed: 4 }]);
  const codes = Object.fromEntries(
    summary.failures.map(({ spec, code: failure }: { spec: string; code: string }) => [spec, failure]),
  );
  // Of a spec without a prompt, only that is said.
  expect(codes).toEqual({
    ...{ 'b/b': 'prompt-blocked', 'c.json': 'video-unreadable', 'd.json': 'spec-invalid' },
    'a/rs_00000000000c': 'spec-invalid',
  });
  for (const id of ['rs_00000000000a', 'rs_00000000000b']) {
    expect(existsSync(videoPath('a', id))).toBe(true);
    expect(await readEnriched(id)).toMatchObject({
      ...{ id, execution_status: 'success', output_path: videoPath('a', id) },
    });
  }
  // Enriched, the spec has another id; and what was used is not what it asks for.
  expect((await readEnriched('a')).metadata.inference.asked).toEqual(asked);
  const { stdout } = await cli.run(['run', 'outputs/upsampled', '--num-steps', '11', '--dry-run', '--json']);
  const rows: z.infer<(typeof documentSchemas)['run-plan']>['videos'] = JSON.parse(stdout).videos;
  const used = rows.map(({ run_spec: from, parameters, control_weights: weights }) => {
    const { seed, num_steps: steps, fps } = parameters;
    return [from, seed, steps, fps, weights['edge']];
  });
  expect(used).toEqual(
    expect.arrayContaining([
      ['rs_00000000000a.json', 3, 11, 12, 0.5],
      ['rs_00000000000b.json', 1, 20, 12, 1],
    ]),
  );
});

it('writes documents that are as docs/formats says', async () => {
  await writeSpec('a', 'A pier');
  await writeSpec('b', 'A pier [blocked]');
  const read = async (...path: string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'));
  const plan = await run('specs', '--dry-run');
  expectExact('run-plan', plan.summary);
  const { summary } = await run('specs', '--events', 'events.jsonl');
  expectExact('run-summary', summary);
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trim().split('\n');
  for (const line of lines) expectExact('run-events', JSON.parse(line));
  expectExact('run-checkpoint', await read('checkpoints', summary.run_id, 'checkpoint.json'));
  expectExact('enriched-spec', await readEnriched('a'));
  const onHost = join(cli.hostRoot, 'runs', summary.run_id);
  const readAll = async (name: string) =>
    await Promise.all(
      (await readdir(join(onHost, name))).map(async (file) =>
        JSON.parse(await readFile(join(onHost, name, file), 'utf8')),
      ),
    );
  const manifests = (await readAll('manifests')).filter(({ kind }) => kind === 'inference');
  expect(manifests).toHaveLength(1);
  for (const manifest of manifests) expectExact('manifest', manifest);
  for (const result of await readAll('results')) expectExact('result', result);
  const { stdout } = await cli.run(['runs', '--json']);
  expectExact('runs', JSON.parse(stdout));
});

function expectExact(name: keyof typeof documentSchemas, document: unknown): void {
  expect(documentSchemas[name].parse(document)).toEqual(document);
}

it('names what is wrong before anything is begun', async () => {
  await writeSpec('a', 'A pier');
  const none = await run('specs', '--only', 'b');
  expect([none.code, none.summary.error.message]).toEqual([2, 'No spec matches --only b.']);
  // An interpreter is there, and not the program: no second start is worth the time.
  const code = 'console.error("ModuleNotFoundError: No module named \'torch\'"); process.exit(1)';
  await cli.configure(`[inference]\ncommand = ["node", "-e", ${JSON.stringify(code)}]\n`);
  const missing = await run('specs');
  expect([missing.code, missing.summary.error.code]).toEqual([1, 'worker-failed']);
  expect(missing.summary.error.message).toMatch(
    /was not found where the worker runs.*No module named 'torch'/,
  );
  const { stderr } = await run('specs', '--stages', 'inference');
  expect(stderr).toContain('Not enriched, used as they are: a.json.');
});

describe('a run that is interrupted', () => {
  it('goes on after kill -9 in the midst of the videos, and makes none twice', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await writeSpec(name, `A harbour ${name} [slow]`);
    const { child, ended } = await cli.start(['run', 'specs', '--no-progress']);
    await waitFor(() => existsSync(videoPath('a')));
    child.kill('SIGKILL');
    await ended;
    const { code, summary } = await run('--resume', 'latest');
    expect([code, summary.status]).toEqual([0, 'complete']);
    expect(noted('video')).toHaveLength(4);
  });

  it('is left to its host and brought home by attaching', async () => {
    for (const name of ['a', 'b']) await writeSpec(name, `A ferry ${name}`);
    const left = await run('specs', '--detach');
    expect([left.code, left.summary.status]).toEqual([0, 'detached']);
    const { code, stdout } = await cli.run(['attach', 'latest', '--json', '--no-progress']);
    expect([code, JSON.parse(stdout).counts.made]).toEqual([0, 2]);
  });
});

it('makes a video of each variant, and of each spec in a file', async () => {
  const spec = (prompt: string, more: object = {}) =>
    JSON.stringify({ prompt, input_video_path: '../clip.mp4', control_inputs: { edge: null }, ...more });
  const done = { is_upsampled: true, parent_prompt_text: 'Gulls' };
  await mkdir(join(folder, 'specs'), { recursive: true });
  await writeFile(
    join(folder, 'specs', 'list.jsonl'),
    `${spec('A crane')}\n${spec('Gulls over a pier', done)}\n`,
  );
  const standIn = await startStandInServer();
  try {
    const { code, summary } = await run('specs', '--base-url', standIn.baseUrl, '--variants', '2');
    // This server says the same whatever the seed: one video stands at both places.
    expect([code, summary.counts]).toMatchObject([0, { total: 3, made: 2, reused: 1 }]);
  } finally {
    await standIn.stop();
  }
  for (const [name, title] of [
    ['1.v1', 'list 1 v1'],
    ['1.v2', 'list 1 v2'],
    ['2', 'list 2'],
  ] as const) {
    const { prompt, metadata } = await readEnriched(`list.jsonl/${name}`);
    const path = videoPath(`list.jsonl/${name}`, title.replaceAll(' ', '_'));
    expect(metadata.inference.video.path).toBe(path);
    expectOfPrompt(path, prompt);
  }
});
