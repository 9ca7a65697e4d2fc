import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();

/** A user with so many specs of words alone: `s000.json`, `s001.json` … */
async function userWith(name: string, count: number): Promise<Cli> {
  const cli = new Cli(join(folder, name));
  const specs = Array.from({ length: count }, (_, at) => {
    const spec = sampleSpec({ prompt: `Scene number ${at} of ${name}`, input_video_path: '' });
    return [`s${String(at).padStart(3, '0')}.json`, spec] as const;
  });
  await writeSpecs(join(cli.workingFolder, 'specs'), Object.fromEntries(specs));
  return cli;
}

async function newServer() {
  const server = await startStandInServer();
  onTestFinished(() => server.stop());
  return server;
}

describe('a server that refuses every prompt in the same way', () => {
  it('is asked 20 times, and when it works, resuming asks for all', async () => {
    const server = await newServer();
    const cli = await userWith('refused', 120);
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no such chat template' } });
    const flags = ['--allow-text-only', '--no-progress', '--base-url', server.baseUrl, '--json'];
    const end = await cli.run(['batch-upsample', 'specs', ...flags]);
    expect(end.code).toBe(2);
    const summary = JSON.parse(end.stdout);
    expect(summary).toMatchObject({ status: 'failed', error: { code: 'failures-repeated' } });
    expect(summary.error.message).toContain('20 prompts failed with the same error');
    // 8 are in flight when the last one of them fails.
    expect(server.stats.requests).toBeLessThanOrEqual(20 + 8);
    expect(summary.counts).toMatchObject({ total: 120, upsampled: 0, failed: server.stats.requests });
    // The next step is said with its command, which works.
    const [, command = ''] = /with: cosmos (.+)/.exec(summary.error.next_step) ?? [];
    server.setFault(null);
    const resumed = await cli.run([...command.split(' '), '--no-progress', '--json']);
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'complete', counts: { upsampled: 120 } });
  });

  it('is asked for all with retry.max_equal_failures = 0', async () => {
    const server = await newServer();
    const cli = await userWith('unlimited', 40);
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no such chat template' } });
    await writeFile(join(cli.workingFolder, 'config.toml'), '[retry]\nmax_equal_failures = 0\n');
    const flags = ['--allow-text-only', '--no-progress', '--base-url', server.baseUrl, '--json'];
    const end = await cli.run(['batch-upsample', 'specs', ...flags]);
    expect(end.code).toBe(3);
    expect(server.stats.requests).toBe(40);
    expect(JSON.parse(end.stdout)).toMatchObject({ counts: { failed: 40 }, error: null });
  });
});

describe('a part of the specs', () => {
  it('is what --limit and --only select, in the plan, in the run, when it is resumed, and in an export', async () => {
    const cli = await userWith('part', 40);
    const specs = join(cli.workingFolder, 'specs');
    await writeSpecs(specs, { 's000.json': '{ no spec', 's001.json': sampleSpec({ is_upsampled: true }) });
    const json = async (...args: string[]) => {
      const end = await cli.run([...args, '--json']);
      return { ...end, document: JSON.parse(end.stdout) };
    };
    // What fails or is done already is no part of the limit.
    const planned = await json('plan', 'specs', '--allow-text-only', '--limit', '3');
    expect(planned.document.specs.map(({ spec }: { spec: string }) => spec)).toEqual(
      [0, 1, 2, 3, 4].map((at) => `s00${at}.json`),
    );
    expect(planned.document.left_out).toEqual({ count: 35, by: '--limit 3' });
    const selection = ['--only', 's02*', '--limit', '2'];
    const flags = ['--allow-text-only', '--no-progress', ...selection];
    const run = await json('batch-upsample', 'specs', ...flags, '--detach');
    expect(run.document).toMatchObject({ counts: { total: 2 }, left_out: { count: 38 } });
    const resumed = await json('batch-upsample', '--resume', 'latest', '--no-progress');
    expect(resumed.document).toMatchObject({ status: 'complete', counts: { total: 2, upsampled: 2 } });
    const other = await cli.run(['batch-upsample', '--resume', 'latest', '--limit', '9']);
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--limit was 2, now 9');
    expect(other.stderr).toMatch(/Start a new run with: cosmos batch-upsample .*--only 's02\*' --limit 9/);
    const batch = ['--format', 'openai-batch', '--model', 'm', '--allow-text-only'];
    const exported = await json('export', 'specs', ...batch, '--limit', '4', '--only', 's03*');
    expect(exported.document).toMatchObject({ counts: { specs: 4 }, left_out: { count: 36 } });
    const nothing = await cli.run(['plan', 'specs', '--only', 'x*']);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('No spec matches --only x*') });
  });
});
