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
