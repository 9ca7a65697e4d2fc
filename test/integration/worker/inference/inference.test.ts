import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { familyNames } from '../../../../src/core/inference/families.ts';
import type { ModelProgram } from '../../../../src/protocol/inference.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import { isMarked } from '../../../support/read-marker.ts';
import { programEnvironment, sampleProgram, videoTasks } from '../../../support/sample-videos.ts';
import { isAlive } from '../../../support/served-rig.ts';
import { bundleModelPrograms } from '../../../support/stand-in/bundle-program.ts';
import { markerOf } from '../../../support/stand-in/model-program.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let journal: string;
let environment: Record<string, string>;
const programs = mkdtempSync(join(tmpdir(), 'cosmos-programs-'));

beforeAll(() => bundleModelPrograms(programs));
afterAll(() => rmSync(programs, { recursive: true, force: true }));

beforeEach(() => {
  rig = new WorkerRig();
  journal = join(rig.root, 'journal.jsonl');
  writeFileSync(journal, '');
  environment = programEnvironment(programs, journal);
});

afterEach(async () => {
  await rig.close();
  await waitFor(() => !starts().some(({ pid }) => isAlive(pid)), 30_000);
});

function noted(): { event: string; pid: number; prompt: string; args: string[] }[] {
  if (!existsSync(journal)) return [];
  const lines = readFileSync(journal, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

const starts = () => noted().filter(({ event }) => event === 'start');
const outputPath = (key: string) => join(rig.runFolder, layout.output(key));

/** The results for these prompts, in order; each video is checked to be of its prompt. */
async function resultsOf(program: ModelProgram, prompts: readonly string[]) {
  const tasks = videoTasks(prompts, rig.addHint().sha256);
  await rig.start(environment);
  await rig.submit(rig.writeManifest(0, program, [tasks]));
  const results = await rig.results(tasks);
  for (const [index, { status, video, task_key: key }] of results.entries()) {
    expect(status === 'ok').toBe(video !== null);
    if (!video) continue;
    expect(video).toMatchObject({ width: 64, height: 36, frames: 6, fps: 24 });
    expect(isMarked(outputPath(key), markerOf(prompts[index] ?? ''))).toBe(true);
  }
  return results;
}

const codesOf = (results: Awaited<ReturnType<typeof resultsOf>>) =>
  results.map(({ status, error }) => (status === 'ok' ? 'ok' : error?.code));

describe.each(familyNames)('the program of %s', (family) => {
  it('makes several videos in one start, each of its own prompt', async () => {
    const results = await resultsOf(sampleProgram(family), ['a crane', 'a harbour', 'the sea at night']);
    expect(codesOf(results)).toEqual(['ok', 'ok', 'ok']);
    expect(starts()).toHaveLength(1);
    // Nothing of the start is left.
    await waitFor(() => readdirSync(join(rig.runFolder, 'work')).length === 0);
  });
});

describe('what goes wrong with one video takes no other along', () => {
  it('tells a blocked prompt, a full GPU and a stall among twelve', async () => {
    const prompts = Array.from({ length: 12 }, (_, index) => `scene ${index}`);
    prompts[2] = 'scene 2 [blocked]';
    prompts[5] = 'scene 5 [oom]';
    prompts[8] = 'scene 8 [hang]';
    const program = sampleProgram('transfer2.5', { batch_size: 12, stall_timeout_ms: 6_000 });
    const codes = codesOf(await resultsOf(program, prompts));
    expect(codes.filter((code) => code === 'ok')).toHaveLength(9);
    expect([codes[2], codes[5], codes[8]]).toEqual(['prompt-blocked', 'out-of-memory', 'inference-stalled']);
    // Nothing that was made is made again.
    const made = noted().filter(({ event }) => event === 'video');
    expect(new Set(made.map(({ prompt }) => prompt)).size).toBe(made.length);
  });

  it('goes on behind a prompt that the program dies of', async () => {
    const prompts = ['one', 'two [blocked]', 'three', 'four [crash]', 'five'];
    expect(codesOf(await resultsOf(sampleProgram('transfer1'), prompts))).toEqual([
      'ok',
      'prompt-blocked',
      'ok',
      'inference-failed',
      'ok',
    ]);
  });

  it('knows a video by its prompt where numbers are shifted', async () => {
    environment['STAND_IN_SHIFT'] = '1';
    const prompts = ['one [blocked]', 'two', 'three', 'two'];
    const results = await resultsOf(sampleProgram('transfer1'), prompts);
    expect(codesOf(results)).toEqual(['prompt-blocked', 'ok', 'ok', 'ok']);
  });

  it('believes no file that is none, and no exit code', async () => {
    const prompts = ['one', 'two [broken]', 'three [no-file]', 'four'];
    expect(codesOf(await resultsOf(sampleProgram('predict2'), prompts))).toEqual([
      'ok',
      'video-invalid',
      'inference-failed',
      'ok',
    ]);
  });
});

describe('a worker whose program makes videos', () => {
  it('fails as a whole when nothing can be made', async () => {
    environment['STAND_IN_DIE_LOADING'] = 'no checkpoint in checkpoints/';
    const tasks = videoTasks(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], rig.addHint().sha256);
    await rig.start(environment);
    await rig.submit(rig.writeManifest(0, sampleProgram('cosmos3'), [tasks]));
    await waitFor(() => rig.statusFile().status === 'failed');
    const { is_fatal: isFatal, message } = rig.statusFile();
    expect(isFatal).toBe(true);
    expect(message).toMatch(/Cosmos 3 ended \d times before any video.*no checkpoint in checkpoints/);
  });

  it('fails after one start where what its program needs is missing', async () => {
    environment['STAND_IN_DIE_LOADING'] = "No module named 'cosmos_framework'";
    const tasks = videoTasks(['a', 'b', 'c'], rig.addHint().sha256);
    await rig.start(environment);
    await rig.submit(rig.writeManifest(0, sampleProgram('cosmos3'), [tasks]));
    await waitFor(() => rig.statusFile().status === 'failed');
    expect(rig.statusFile().message).toMatch(
      /Cosmos 3 was not found where the worker runs.*'cosmos_framework'/,
    );
    expect(starts()).toHaveLength(1);
  });

  it('fails at once without its program', async () => {
    const [task] = videoTasks(['a'], rig.addHint().sha256);
    await rig.start(environment);
    const program = sampleProgram('cosmos3', { command: ['no-such-program', '{batch}', '{out}'] });
    await rig.submit(rig.writeManifest(0, program, [[...(task ? [task] : [])]]));
    await waitFor(() => rig.statusFile().status === 'failed');
    expect(rig.statusFile().message).toMatch(/no-such-program/);
  });

  it('keeps what is done when it is killed, ends its program, and makes the rest later', async () => {
    const prompts = ['one', 'two', 'three', 'four [slow]', 'five'];
    const tasks = videoTasks(prompts, rig.addHint().sha256);
    const child = await rig.start(environment);
    await rig.submit(rig.writeManifest(0, sampleProgram('transfer2.5'), [tasks]));
    await waitFor(() => tasks.filter(({ task_key: key }) => rig.result(key)).length >= 2);
    child.kill('SIGKILL');
    await exitOf(child);
    await waitFor(() => !starts().some(({ pid }) => isAlive(pid)));
    const done = tasks.filter(({ task_key: key }) => rig.result(key)).map(({ prompt }) => prompt);
    await rig.start(environment);
    expect((await rig.results(tasks)).map(({ status }) => status)).toEqual(tasks.map(() => 'ok'));
    const times = (prompt: string) =>
      noted().filter((each) => each.event === 'video' && each.prompt === prompt).length;
    expect(done.map(times)).toEqual(done.map(() => 1));
  });
});
