import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layout } from '../../src/protocol/layout.ts';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = await temporaryFolder();
let server: Awaited<ReturnType<typeof startStandInServer>>;

/** A user's folder with `count` specs over one small clip. */
async function userWith(name: string, count: number): Promise<Cli> {
  const cli = new Cli(join(folder, name));
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
  const named = Array.from({ length: count }, (_, index) => [
    `s${index}.json`,
    sampleSpec({ prompt: `Scene number ${index} of ${name}` }),
  ]);
  await writeSpecs(specs, Object.fromEntries(named));
  return cli;
}

function onServer(...flags: string[]): string[] {
  const address = flags.includes('--base-url') ? [] : ['--base-url', server.baseUrl];
  return ['batch-upsample', 'specs', '--engine', 'openai', '--no-progress', ...address, ...flags];
}

beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.stop());

describe('exit codes', () => {
  it('0 when everything is done, with the summary as one JSON document', async () => {
    const cli = await userWith('all', 2);
    const end = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress']);
    expect(end.code).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({
      version: 1,
      status: 'complete',
      counts: { total: 2, upsampled: 2 },
    });
    expect(end.stderr).toBe('');
  });

  it.each([
    { rule: 'a folder that is not there', args: ['batch-upsample', 'nowhere'], says: 'nowhere' },
    { rule: 'a folder that is misspelled', args: ['plan', 'spec'], says: 'work/specs?' },
    {
      rule: 'an output without -o',
      args: ['upscale', 'specs/clip.mp4', 'big.mp4'],
      says: 'cosmos upscale specs/clip.mp4 -o big.mp4',
    },
    { rule: 'no specs named', args: ['batch-upsample'], says: 'No specs' },
    {
      rule: 'a pattern of pictures that are not there',
      args: ['upscale', 'specs/frame_%06d.png'],
      says: 'There are no pictures',
    },
    { rule: 'an unknown flag', args: ['batch-upsample', 'specs', '--nope'], says: '--nope' },
    { rule: 'an unknown command', args: ['btch-upsample'], says: 'btch-upsample' },
    { rule: 'attach without any run', args: ['attach'], says: 'There is no run in' },
    {
      rule: 'a model that is not named',
      args: ['retouch', 'specs/clip.mp4', '--region', '1,1,9,9', '--engine', 'onnx'],
      says: 'needs a model',
    },
    {
      rule: 'a program that another machine does not have',
      args: ['retouch', 'specs/clip.mp4', '--region', '1,1,9,9', '--command', 'fill', '--queue', 'redis://q'],
      says: 'The program of --command is on this machine',
    },
    {
      rule: 'a size that is none',
      args: ['batch-upsample', 'specs', '--max-resolution', 'big'],
      says: 'big',
    },
    { rule: 'an unknown host', args: ['batch-upsample', 'specs', '--host', 'gpu1'], says: 'gpu1' },
    {
      rule: 'a settings file that is not there',
      args: ['plan', 'specs', '--config', 'none.toml'],
      says: 'none.toml',
    },
    { rule: 'an unknown run', args: ['batch-upsample', '--resume', 'never'], says: 'never' },
    { rule: 'a run id that leaves the folder', args: ['report', '../../etc'], says: 'etc' },
    {
      rule: 'an engine without a server',
      args: ['batch-upsample', 'specs', '--engine', 'openai'],
      says: 'base_url',
    },
  ])('2 for $rule', async ({ args, says }) => {
    const cli = await userWith('usage', 1);
    const end = await cli.run(args);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(says);
    expect(end.stderr).not.toMatch(/\n\s+at |Warning/);
  });

  it('2 for an unknown command under --json, as a document on stdout', async () => {
    const end = await new Cli(join(folder, 'json')).run(['bogus', '--json']);
    expect(end).toMatchObject({ code: 2, stderr: '' });
    const error = { code: 'usage-invalid', message: expect.stringContaining('bogus') };
    expect(JSON.parse(end.stdout)).toMatchObject({ version: 1, error });
  });

  it('2 for an unknown setting, with the nearest known one', async () => {
    const cli = await userWith('config', 1);
    await writeFile(join(cli.workingFolder, 'config.toml'), '[upsampling]\nbatch_sise = 3\n');
    const end = await cli.run(['plan', 'specs']);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain('upsampling.batch_sise');
    expect(end.stderr).toContain('Did you mean "upsampling.batch_size"');
  });

  it('2 when no file is a PromptSpec, naming each', async () => {
    const cli = new Cli(join(folder, 'broken'));
    await writeSpecs(join(cli.workingFolder, 'specs'), { 'a.json': '', 'b.json': '[1]' });
    const end = await cli.run(['batch-upsample', 'specs', '--json']);
    expect(end.code).toBe(2);
    const { error } = JSON.parse(end.stdout);
    expect(error.code).toBe('no-valid-spec');
    expect(error.message).toContain('a.json');
    expect(error.message).toContain('b.json');
  });

  it('2 for a refused key before anything was done, and the key is never printed', async () => {
    const strict = await startStandInServer({ slots: 2, latencyMs: 10, apiKey: 'right-key' });
    const cli = new Cli(join(folder, 'key'), { COSMOS_TEST_KEY: 'wrong-secret-key' });
    const specs = join(cli.workingFolder, 'specs');
    await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
    await writeSpecs(specs, { 'a.json': sampleSpec() });
    await cli.configure('[upsampling.engine]\napi_key_env = "COSMOS_TEST_KEY"\n');
    const end = await cli.run([
      'batch-upsample',
      'specs',
      '--engine',
      'openai',
      '--base-url',
      strict.baseUrl,
    ]);
    await strict.stop();
    expect(end.code).toBe(2);
    expect(end.stderr + end.stdout).not.toContain('wrong-secret-key');
    expect(end.stderr).toContain('refuses the API key');
    expect(end.stderr).not.toContain('The plan uses the settings alone');
    expect(await filesWith(folder, 'wrong-secret-key')).toEqual([]);
  });

  it('4 when the server cannot be reached, and the run can be resumed where it is', async () => {
    const cli = await userWith('away', 2);
    const gone = ['--engine', 'openai', '--base-url', 'http://127.0.0.1:9/v1'];
    await writeFile(join(cli.workingFolder, 'config.toml'), '[retry]\nmax_outage_s = 1\n');
    const end = await cli.run(['batch-upsample', 'specs', '--no-progress', ...gone]);
    expect(end.code).toBe(4);
    expect(end.stderr).toContain('127.0.0.1:9');
    const resumed = await cli.run([
      'batch-upsample',
      '--resume',
      'latest',
      '--base-url',
      server.baseUrl,
      '--no-progress',
    ]);
    expect(resumed.code).toBe(0);
  });

  it('4 when the server goes away while it works, and resuming does what is left', async () => {
    const cli = await userWith('outage', 3);
    const settings = '[retry]\nmax_outage_s = 1\n[upsampling.engine]\nconcurrency = 1\n';
    await writeFile(join(cli.workingFolder, 'config.toml'), settings);
    server.setFault({
      fault: { kind: 'status', status: 503, message: 'overloaded' },
      textIncludes: 'Scene number 2 of outage',
    });
    const { code, stdout } = await cli.run(onServer('--json')).finally(() => server.setFault(null));
    const summary = JSON.parse(stdout);
    expect([code, summary.status, summary.failures[0]?.code]).toEqual([4, 'partial', 'engine-unreachable']);
    const resumed = await cli.run(['batch-upsample', '--resume', 'latest', '--json', '--no-progress']);
    expect([resumed.code, JSON.parse(resumed.stdout).counts.upsampled]).toEqual([0, 3]);
  });

  it('0 when detached as asked; attach brings the results home', async () => {
    const cli = await userWith('detached', 3);
    server.hold();
    const end = await cli.run(onServer('--detach', '--json'));
    server.release();
    expect(end.code).toBe(0);
    const { run_id: runId, status } = JSON.parse(end.stdout);
    expect(status).toBe('detached');
    const attached = await cli.run(['attach', runId, '--json', '--no-progress']);
    expect(attached.code).toBe(0);
    expect(JSON.parse(attached.stdout).counts).toMatchObject({ upsampled: 3, failed: 0 });
  });

  it('5 while another process works on the run or the output folder; cancel ends it, resume goes on', async () => {
    const slow = await startStandInServer();
    slow.hold(8);
    const cli = await userWith('locked', 60);
    const { ended } = await cli.start(onServer('--base-url', slow.baseUrl));
    await waitForOutputs(cli, 1);
    const second = await cli.run(onServer());
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(/Process \d+/);
    const resumed = await cli.run(['batch-upsample', '--resume', 'latest']);
    expect(resumed.code).toBe(5);
    const cancelled = await cli.run(['cancel', 'latest', '--json']);
    expect(cancelled.code).toBe(0);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ was_running: true });
    expect((await ended).code).toBe(143);
    slow.release();
    const done = await cli.run(['batch-upsample', '--resume', 'latest', '--json', '--no-progress']);
    await slow.stop();
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout).counts).toMatchObject({ total: 60, upsampled: 60, failed: 0 });
  });

  it.each([
    {
      rule: 'a spec was edited',
      change: (cli: Cli) =>
        writeFile(
          join(cli.workingFolder, 'specs/s9.json'),
          JSON.stringify(sampleSpec({ prompt: 'Another' })),
        ),
      flags: [],
      says: 's9.json',
    },
    {
      rule: 'a spec is gone',
      change: (cli: Cli) => rm(join(cli.workingFolder, 'specs/s9.json')),
      flags: [],
      says: 's9.json',
    },
    {
      rule: 'the video was replaced',
      change: (cli: Cli) => makeClip(join(cli.workingFolder, 'specs/clip.mp4'), { width: 128, height: 72 }),
      flags: [],
      says: 'clip.mp4',
    },
    {
      rule: 'another setting is asked for',
      change: async () => undefined,
      flags: ['--estimator', 'pixtral'],
      says: 'estimator',
    },
    {
      rule: 'another model is asked for',
      change: async () => undefined,
      flags: ['--model', 'other'],
      says: 'model',
    },
  ])('6 when $rule, and nothing is changed', async ({ rule, change, flags, says }) => {
    // The others of ten are still to be done when the first is there.
    const slow = await startStandInServer();
    slow.hold(1);
    const cli = await userWith(`mismatch ${rule}`, 10);
    const first = await cli.start(
      onServer('--batch-size', '1', '--model', 'stand-in', '--base-url', slow.baseUrl),
    );
    // A run in which nothing is noted as finished may be resumed with another model.
    await waitFor(async () => (await readFile(await journalOf(cli), 'utf8')).includes('"task-finished"'));
    first.child.kill('SIGKILL');
    await first.ended;
    await stopWorkers(cli);
    await slow.stop();
    const journal = await readFile(await journalOf(cli), 'utf8');
    await change(cli);
    const end = await cli.run(['batch-upsample', '--resume', 'latest', ...flags]);
    expect(end.code).toBe(6);
    expect(end.stderr).toContain(says);
    expect(await readFile(await journalOf(cli), 'utf8')).toBe(journal);
  });

  it.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)('$code after $signal: saved, with the command that goes on', async ({ signal, code }) => {
    const cli = await userWith(signal, 60);
    server.hold(8);
    const { child, ended } = await cli.start(onServer('--events', 'events.ndjson'));
    await waitForOutputs(cli, 1);
    child.kill(signal);
    await waitFor(async () => (await workerLog(cli)).includes('stopping'));
    server.release();
    const end = await ended;
    expect(end.code).toBe(code);
    expect(end.stderr).toMatch(/cosmos resume \d{8}-\d{6}-\w+/);
    const events = (await readFile(join(cli.workingFolder, 'events.ndjson'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'failed' });
    const resumed = await cli.run(['batch-upsample', '--resume', 'latest', '--json', '--no-progress']);
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout).counts).toMatchObject({ total: 60, upsampled: 60, failed: 0 });
  });
});

async function waitForOutputs(cli: Cli, count: number): Promise<void> {
  await waitFor(async () => {
    const names = await readdir(cli.outputFolder);
    return names.filter((name) => name.endsWith('.json')).length >= count;
  });
}

/** What the worker of a user's only run has logged. */
async function workerLog(cli: Cli): Promise<string> {
  const runs = join(cli.hostRoot, layout.runs);
  const [run = ''] = await readdir(runs);
  return await readFile(join(runs, run, layout.workerLog(0)), 'utf8');
}

async function journalOf(cli: Cli): Promise<string> {
  const [run = ''] = (await readdir(cli.checkpointFolder)).sort().reverse();
  return join(cli.checkpointFolder, run, 'journal.jsonl');
}

/** A killed client leaves its worker at work; these tests want it gone. */
async function stopWorkers(cli: Cli): Promise<void> {
  for (const run of await readdir(join(cli.hostRoot, 'runs')).catch(() => [])) {
    const lock = await readFile(join(cli.hostRoot, 'runs', run, 'worker_0.lock'), 'utf8').catch(() => null);
    if (lock !== null) process.kill(JSON.parse(lock).pid, 'SIGKILL');
  }
}

async function filesWith(root: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
