import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layout } from '../../src/protocol/layout.ts';
import { batchesOf, manifestSchema } from '../../src/protocol/manifest.ts';
import { makeClip } from '../support/clips.ts';
import { Cli, type CliEnd } from '../support/run-cli.ts';
import { SmallDisk, smallDiskSkipReason } from '../support/small-disk.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { waitFor } from '../support/wait-for.ts';

const skipReason = smallDiskSkipReason();
const count = 24;

/** A user whose folder `part` is a disk of 4 MB, with specs elsewhere, and a server that counts. */
async function newScene(part: 'work' | 'home' | 'cache') {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cd-')));
  const specs = join(folder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 640, height: 360 });
  const list = Array.from({ length: count }, (_, at) => {
    return [`${at}.json`, sampleSpec({ name: `s${at}`, prompt: `A crane number ${at} turns` })] as const;
  });
  await writeSpecs(specs, Object.fromEntries(list));
  const disk = new SmallDisk(join(folder, part), 4);
  const server = await startStandInServer({ slots: 2 });
  server.hold(4);
  const cli = new Cli(folder);
  const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
  return {
    disk,
    server,
    cli,
    start: () => cli.start(['batch-upsample', specs, ...engine, '--no-progress']),
    resume: () => cli.run(['batch-upsample', '--resume', 'latest', '--no-progress']),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      disk[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What the worker of a user's latest run has logged. */
async function workerLog(cli: Cli): Promise<string> {
  const runs = join(cli.hostRoot, layout.runs);
  const run = (await readdir(runs)).sort().at(-1) ?? '';
  return await readFile(join(runs, run, layout.workerLog(0)), 'utf8');
}

type Scene = Awaited<ReturnType<typeof newScene>>;

/** Everything is there, nothing half-written is, and no finished prompt was asked for twice. */
async function expectAllDone({ cli, server }: Scene, mostAsksOfOne: number): Promise<void> {
  const names = await readdir(cli.outputFolder);
  expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(count);
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  for (const name of names) JSON.parse(await readFile(join(cli.outputFolder, name), 'utf8'));
  expect(server.stats.asksByContent.size).toBe(count);
  expect(Math.max(...server.stats.asksByContent.values())).toBeLessThanOrEqual(mostAsksOfOne);
}

function expectToldSo({ code, stderr }: CliEnd): void {
  expect(stderr).toMatch(/No space left on the disk while writing/);
  expect(stderr).toContain('cosmos resume ');
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
  expect(code).toBe(1);
}

describe.skipIf(skipReason !== null)(`a full disk${skipReason ? ` (skipped: ${skipReason})` : ''}`, () => {
  it('under the output folder stops the run, which goes on later', async () => {
    await using scene = await newScene('work');
    const { ended } = await scene.start();
    await waitFor(() => scene.server.stats.answered === 4);
    scene.disk.fill();
    scene.server.hold(1);
    await waitFor(async () => (await workerLog(scene.cli)).includes('stopping'));
    scene.server.release();
    expectToldSo(await ended);
    const answered = new Set(scene.server.stats.answersByContent.keys());
    expect(answered.size).toBeLessThan(count);
    // Still full: it is told again, and nothing gets worse.
    expectToldSo(await scene.resume());
    scene.disk.free();
    expect(await scene.resume()).toMatchObject({ code: 0 });
    await expectAllDone(scene, 2);
    for (const content of answered) expect(scene.server.stats.answersByContent.get(content)).toBe(1);
  });

  it('under the cache stops nothing: what is not kept costs time another day', async () => {
    await using scene = await newScene('cache');
    const { ended } = await scene.start();
    await waitFor(() => scene.server.stats.answered === 4);
    scene.disk.fill();
    scene.server.release();
    expect(await ended).toMatchObject({ code: 0 });
    await expectAllDone(scene, 1);
  });

  it('under the host holds its worker up, which goes on by itself', async () => {
    await using scene = await newScene('home');
    const { ended } = await scene.start();
    const runsFolder = join(scene.cli.hostRoot, 'runs');
    // Everything is submitted: what is left to write is the worker's.
    await waitFor(async () => {
      const names = await readdir(runsFolder, { recursive: true });
      const isBegun = names.some((name) => /^[0-9a-f]{64}\.json$/.test(basename(name)));
      const manifests = names.filter((name) => /_manifest_\d+\.json$/.test(name));
      const contents = await Promise.all(manifests.map((name) => readFile(join(runsFolder, name), 'utf8')));
      const tasks = contents.flatMap((text) =>
        batchesOf(manifestSchema.parse(JSON.parse(text))).flatMap((at) => at.tasks),
      );
      return isBegun && tasks.length === count && scene.server.stats.requests === 12;
    });
    scene.disk.fill();
    scene.server.release();
    // What is under way, at most twice as many as are asked at the same time, is answered and kept in memory.
    await waitFor(async () => (await workerLog(scene.cli)).includes('No space'));
    await waitFor(() => scene.server.stats.answered === scene.server.stats.requests);
    // Nothing more is asked for.
    expect(scene.server.stats.requests).toBeLessThanOrEqual(20);
    scene.disk.free();
    expect(await ended).toMatchObject({ code: 0 });
    await expectAllDone(scene, 1);
  });

  it('is told before anything begins', async () => {
    await using scene = await newScene('work');
    scene.disk.fill();
    const { ended } = await scene.start();
    const { code, stderr } = await ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/checkpoint folder .* cannot be used: its disk is full/);
    // There is no run that could be continued.
    expect(stderr).not.toContain('cosmos resume');
    expect(scene.server.stats.requests).toBe(0);
  });
});
