import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();
/** A user's folder with a short film. */
async function userWith(name: string): Promise<Cli> {
  const cli = new Cli(join(folder, name));
  await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 24 });
  return cli;
}

const upscale = ['upscale', 'film.mp4', '-o', 'film-2x.mp4', '--preset', 'ultrafast', '--workers', '1'];

async function runFolderOf(cli: Cli): Promise<string> {
  const [newest = ''] = (await readdir(cli.checkpointFolder)).sort().reverse();
  return join(cli.checkpointFolder, newest);
}

describe('upscale', () => {
  it('--host X with X never reachable ends as failed, and says that nothing is submitted', async () => {
    const cli = await userWith('unreachable');
    const lines = ['[hosts.far]', 'address = "127.0.0.1"', 'port = 9', '[retry]', 'max_outage_s = 1'];
    await cli.configure(`${lines.join('\n')}\n`);
    const end = await cli.run([...upscale, '--host', 'far', '--json', '--no-progress']);
    expect(end.code).toBe(4);
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('nothing more is known to be submitted') },
    });
    expect(end.stderr).not.toMatch(/keeps? running/);
  });

  it('tells run-finished when its report exists', async () => {
    const cli = await userWith('report');
    const { child, ended } = await cli.start([...upscale, '--events', '-', '--no-progress']);
    const found: boolean[] = [];
    let runFolder = '';
    child.stdout?.on('data', (lines: string) => {
      const runId = /"run_id":"([^"]+)"/.exec(lines)?.[1];
      if (runId !== undefined) runFolder = join(cli.checkpointFolder, runId);
      if (lines.includes('"run-finished"')) found.push(existsSync(join(runFolder, 'report.json')));
    });
    expect((await ended).code).toBe(0);
    expect(found).toEqual([true]);
  });

  it('tells of a torn journal on resume', async () => {
    const cli = await userWith('torn');
    expect((await cli.run([...upscale, '--no-progress'])).code).toBe(0);
    await appendFile(join(await runFolderOf(cli), 'journal.jsonl'), '{"version":1,"seq":');
    const resumed = await cli.run(['upscale', '--resume', 'latest', '--no-progress']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain('The last line of the journal was half-written');
  });
});

describe('resuming a finished run', () => {
  it.each([
    {
      name: 'spec',
      change: (cli: Cli) =>
        writeSpecs(cli.workingFolder, { 'specs/b.json': sampleSpec({ prompt: 'A mill' }) }),
      changed: ['1 input has changed since', 'b.json'],
    },
    {
      name: 'video',
      change: (cli: Cli) => appendFile(join(cli.workingFolder, 'specs/clip.mp4'), 'more'),
      changed: ['2 inputs have changed since', 'clip.mp4'],
    },
  ])('batch-upsample whose $name has changed since ends with 6, and names it', async (given) => {
    const cli = new Cli(join(folder, given.name));
    const specs = join(cli.workingFolder, 'specs');
    await makeClip(join(specs, 'clip.mp4'), { width: 64, height: 36, frames: 24 });
    await writeSpecs(specs, { 'a.json': sampleSpec({ prompt: 'A kite' }), 'b.json': sampleSpec() });
    await expectRun(cli, ['batch-upsample', 'specs'], 0);
    await expectRun(cli, ['batch-upsample', '--resume', 'latest'], 0);
    await given.change(cli);
    await expectRefused(cli, 'batch-upsample', given.changed);
  });

  it('upscale whose video has changed since ends with 6, and names it', async () => {
    const cli = await userWith('finished');
    await expectRun(cli, upscale, 0);
    await expectRun(cli, ['upscale', '--resume', 'latest'], 0);
    await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 96, height: 54, frames: 24 });
    await expectRefused(cli, 'upscale', ['1 input has changed since', 'film.mp4']);
  });
});

/** Gives what was said on stderr. */
async function expectRun(cli: Cli, args: readonly string[], code: number): Promise<string> {
  const end = await cli.run([...args, '--no-progress']);
  expect(end).toMatchObject({ code });
  return end.stderr;
}

/** Resuming the finished run changes nothing and says what changed; the command that it names begins a new run. */
async function expectRefused(cli: Cli, command: string, changed: readonly string[]): Promise<void> {
  const journal = join(await runFolderOf(cli), 'journal.jsonl');
  const before = await readFile(journal, 'utf8');
  const stderr = await expectRun(cli, [command, '--resume', 'latest'], 6);
  for (const text of ['is finished', ...changed]) expect(stderr).toContain(text);
  expect(await readFile(journal, 'utf8')).toBe(before);
  const again = /with: cosmos (.+)/.exec(stderr)?.[1] ?? '';
  expect(again).toContain(command);
  await expectRun(cli, again.split(' '), 0);
  expect(await readdir(cli.checkpointFolder)).toHaveLength(2);
}
