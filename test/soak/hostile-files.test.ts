import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { mutated } from '../support/mutations/mutate.ts';
import { mutationTargets } from '../support/mutations/targets.ts';
import { Cli, type CliEnd } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';

const seed = 20_261_121;
const folder = await realpath(await mkdtemp(join(tmpdir(), 'cosmos-hostile-')));
const cli = new Cli(folder);
await mkdir(cli.workingFolder, { recursive: true });
afterAll(() => rm(folder, { recursive: true, force: true }));

async function damagedFiles(kind: 'spec' | 'config' | 'checkpoint', count: number): Promise<Uint8Array[]> {
  await using target = await (mutationTargets[kind] ?? fail)();
  return fc.sample(mutated(target.originals), { numRuns: count, seed });
}

function fail(): never {
  throw new Error('there is no such target');
}

/** The program said what is wrong, or nothing was; no stack trace, no bug. */
function expectClear({ code, signal, stderr }: CliEnd, codes: readonly number[]): void {
  expect(signal).toBeNull();
  expect(codes, stderr).toContain(code);
  expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(stderr).not.toContain('This is a bug');
  if (code !== 0) expect(stderr).not.toBe('');
}

describe('the program itself', () => {
  it('plans and runs a folder of damaged specs', async () => {
    const files = await damagedFiles('spec', 60);
    const specs = join(cli.workingFolder, 'specs');
    await writeSpecs(specs, { 'whole.json': sampleSpec({ input_video_path: '' }) });
    for (const place of ['market', 'sign', 'tram', 'reef']) {
      await makeClip(join(specs, 'videos', place, 'color.mp4'), { width: 64, height: 36, frames: 2 });
    }
    for (const [index, content] of files.entries()) await writeFile(join(specs, `${index}.json`), content);
    const run = await cli.run(['batch-upsample', 'specs', '--allow-text-only', '--json']);
    expectClear(run, [3]);
    const { counts, failures } = JSON.parse(run.stdout);
    expect(counts.total).toBe(61);
    expect(failures).toHaveLength(counts.failed);
    expect(counts.upsampled).toBeGreaterThan(1);
    for (const { code, message, next_step: nextStep } of failures) {
      expect(['spec-invalid', 'video-unreadable', 'prompt-too-long', 'output-unwritable']).toContain(code);
      expect(`${message}${nextStep}`).not.toMatch(/\n|undefined|\[object/);
    }
  }, 60_000);

  it('reads damaged settings', async () => {
    const specs = join(cli.workingFolder, 'few');
    await writeSpecs(specs, { 'a.json': sampleSpec({ input_video_path: '' }) });
    for (const content of await damagedFiles('config', 12)) {
      await writeFile(join(cli.workingFolder, 'damaged.toml'), content);
      const args = ['batch-upsample', 'few', '--config', 'damaged.toml', '--dry-run', '--allow-text-only'];
      expectClear(await cli.run(args), [0, 2, 3]);
    }
  }, 60_000);

  it('refuses damaged checkpoints', async () => {
    const run = join(cli.workingFolder, 'damaged-run');
    await mkdir(run);
    for (const content of await damagedFiles('checkpoint', 12)) {
      await writeFile(join(run, 'checkpoint.json'), content);
      // What can be understood was not started by this user.
      expectClear(await cli.run(['batch-upsample', '--resume', 'damaged-run']), [2, 6]);
      expect((await readdir(run)).filter((name) => !/^(checkpoint\.json|run\.lock)$/.test(name))).toEqual([]);
    }
  }, 60_000);
});
