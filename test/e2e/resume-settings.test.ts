import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli, type CliEnd } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();
const program = resolve(import.meta.dirname, '../support/stand-in-server.ts');
let users = 0;

/** A user with three specs of words alone. */
async function newUser(env: NodeJS.ProcessEnv = {}): Promise<Cli> {
  const cli = new Cli(join(folder, `user-${users++}`), env);
  const specs = [0, 1, 2].map((at) => {
    return [`s${at}.json`, sampleSpec({ prompt: `Scene number ${at}`, input_video_path: '' })] as const;
  });
  await writeSpecs(join(cli.workingFolder, 'specs'), Object.fromEntries(specs));
  return cli;
}

async function newServer(options: Parameters<typeof startStandInServer>[0] = {}) {
  const server = await startStandInServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** `config.toml` of the user: lines of `[upsampling.engine]`, and of other tables after them. */
async function configure(cli: Cli, engine: string, rest = '[retry]\nmax_attempts = 1\n'): Promise<void> {
  await cli.configure(`[upsampling.engine]\n${engine}\n${rest}`);
}

const begin = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress', '--json'];
const resume = ['resume', 'latest', '--no-progress', '--json'];

function expectDone(end: CliEnd): void {
  expect(end).toMatchObject({ code: 0 });
  expect(JSON.parse(end.stdout)).toMatchObject({ status: 'complete', counts: { total: 3, failed: 0 } });
}

/** What the program says is to be done next: of the error, or of the first failure. */
function nextStepOf(end: CliEnd): string {
  const { error, failures } = JSON.parse(end.stdout);
  return error?.next_step ?? failures?.[0]?.next_step;
}

async function recordsOf(cli: Cli) {
  const names = (await readdir(cli.outputFolder)).filter((name) => name.endsWith('.json')).sort();
  const read = async (name: string) => JSON.parse(await readFile(join(cli.outputFolder, name), 'utf8'));
  return (await Promise.all(names.map(read))).map(({ metadata }) => metadata.upsampling);
}

describe('what the next step says to correct is corrected by resuming:', () => {
  it('request_timeout_s', async () => {
    const server = await newServer({ latencyMs: 1_500 });
    const cli = await newUser();
    const address = `kind = "openai"\nbase_url = "${server.baseUrl}"\n`;
    await configure(cli, `${address}request_timeout_s = 1`);
    const end = await cli.run(begin);
    expect(nextStepOf(end)).toContain('request_timeout_s');
    await configure(cli, `${address}request_timeout_s = 60`);
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(resumed.stderr).toContain('upsampling.engine.request_timeout_s 60 (was 1)');
  });

  it('concurrency and retries', async () => {
    const server = await newServer();
    const cli = await newUser();
    const address = `kind = "openai"\nbase_url = "${server.baseUrl}"\n`;
    await configure(cli, `${address}concurrency = 3`);
    server.setFault({ fault: { kind: 'status', status: 500, message: 'out of memory' } });
    const end = await cli.run(begin);
    expect([end.code, server.stats.requests]).toEqual([3, 3]);
    // Every prompt fails once more, which one attempt would not survive.
    server.setFault({ fault: { kind: 'status', status: 500, message: 'out of memory' }, times: 1 });
    server.stats.maxInFlight = 0;
    await configure(cli, `${address}concurrency = 1`, '[retry]\nmax_attempts = 3\nbase_delay_s = 0\n');
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(server.stats.maxInFlight).toBe(1);
    expect(resumed.stderr).toContain('upsampling.engine.concurrency 1 (was 3), retry.max_attempts 3 (was 1)');
  });

  it('max_output_tokens, for what has no result yet; each enriched spec records its own', async () => {
    const server = await newServer();
    const cli = await newUser();
    const address = `kind = "openai"\nbase_url = "${server.baseUrl}"\n`;
    await configure(cli, `${address}concurrency = 1`);
    server.setFault({
      fault: { kind: 'answer', text: 'A mill that', finishReason: 'length', outputTokens: 300 },
      textIncludes: 'Scene number 1',
    });
    const end = await cli.run(begin);
    expect(nextStepOf(end)).toMatch(
      /Raise max_output_tokens in \[upsampling\.engine\] of config\.toml .*, then resume/,
    );
    server.setFault(null);
    await configure(cli, `${address}max_output_tokens = 900`);
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(resumed.stderr).toContain('max_output_tokens 900 for what has no result yet (was 300)');
    expect((await recordsOf(cli)).map(({ tokens }) => tokens.output_reserved)).toEqual([300, 900, 300]);
    expect(server.stats.asks.map(({ maxTokens }) => maxTokens)).toEqual([300, 300, 300, 900]);
    const report = JSON.parse(await readFile(JSON.parse(resumed.stdout).report.json, 'utf8'));
    const reserved = report.items.map((item: { spec: string; tokens: { output_reserved: number } }) => [
      item.spec,
      item.tokens.output_reserved,
    ]);
    expect(Object.fromEntries(reserved)).toEqual({ 's0.json': 300, 's1.json': 900, 's2.json': 300 });
    // The higher value stays that of the run.
    expectDone(await cli.run(resume));
  });

  it('an API key that was missing', async () => {
    const server = await newServer({ apiKey: 'a-secret-of-ours' });
    const cli = await newUser({ OUR_KEY: 'a-secret-of-ours' });
    const address = `kind = "openai"\nbase_url = "${server.baseUrl}"\n`;
    await configure(cli, address);
    const end = await cli.run(begin);
    expect([end.code, nextStepOf(end)]).toEqual([2, expect.stringContaining('cosmos resume ')]);
    await configure(cli, `${address}api_key_env = "OUR_KEY"`);
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(resumed.stderr).toContain('upsampling.engine.api_key_env "OUR_KEY"');
    expect(server.stats.requests).toBe(3);
  });

  it.each([
    { what: 'was not named, by a flag', was: [], flags: ['--model', 'second'], line: '' },
    { what: 'was not named, by config.toml', was: [], flags: [], line: 'model = "second"' },
    {
      what: 'the server does not have',
      was: ['--model', 'third'],
      flags: ['--model', 'second'],
      line: '',
    },
  ])('a model that $what', async ({ was, flags, line }) => {
    const server = await newServer({ models: ['first', 'second'] });
    const cli = await newUser();
    const address = `kind = "openai"\nbase_url = "${server.baseUrl}"\n`;
    await configure(cli, address);
    const end = await cli.run([...begin, ...was]);
    expect([end.code, JSON.parse(end.stdout).error.message]).toEqual([
      2,
      expect.stringMatching(/Set model|does not serve the model "third"/),
    ]);
    const asked = server.stats.requests;
    await configure(cli, `${address}${line}`);
    const resumed = await cli.run([...resume, ...flags]);
    expectDone(resumed);
    expect((await recordsOf(cli)).map(({ model }) => model)).toEqual(['second', 'second', 'second']);
    // What was submitted without that model is not asked besides.
    expect(server.stats.requests - asked).toBe(3);
    // From now on the run has that model.
    const idle = await cli.run(resume);
    expect(JSON.parse(idle.stdout)).toMatchObject({ status: 'complete', model: 'second' });
    expect(JSON.parse(idle.stdout).duration_ms).toBe(JSON.parse(resumed.stdout).duration_ms);
    expect(idle.stderr).toContain('Nothing was left to do: all specs were done before.');
    await rm(join(cli.workingFolder, 'outputs'), { recursive: true });
    expect((await cli.run(resume)).stderr).toContain('3 enriched specs are no longer in ');
  });

  it('base_url in config.toml, and the number of workers', async () => {
    const server = await newServer();
    const cli = await newUser();
    const rest = '[retry]\nmax_outage_s = 1\n';
    await configure(cli, 'kind = "openai"\nbase_url = "http://127.0.0.1:9/v1"', rest);
    const end = await cli.run([...begin, '--workers', '3', '--batch-size', '1']);
    expect([end.code, nextStepOf(end)]).toEqual([4, expect.stringContaining('cosmos resume ')]);
    await configure(cli, `kind = "openai"\nbase_url = "${server.baseUrl}"`, rest);
    const resumed = await cli.run([...resume, '--workers', '1']);
    expectDone(resumed);
    expect(resumed.stderr).toContain('hosts.NAME.workers 1 (was 3)');
    expect(server.stats.requests).toBe(3);
  });

  it('the command of the model server', async () => {
    const cli = await newUser();
    const command = (file: string) =>
      `kind = "openai"\nmodel = "stand-in"\ncommand = ["${process.execPath}", "${file}", "--port", "{port}"]`;
    await configure(cli, command(join(folder, 'nothing-here.mjs')));
    const end = await cli.run(begin);
    expect([end.code, nextStepOf(end)]).toEqual([1, expect.stringContaining('cosmos resume ')]);
    await configure(cli, command(program));
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(resumed.stderr).toContain('another upsampling.engine.command');
  });
});

describe('a setting that finished answers depend on', () => {
  it.each([
    { rule: 'in config.toml', line: 'temperature = 0.9', flags: [], says: 'temperature was 0.6, now 0.9' },
    { rule: 'as a flag', line: '', flags: ['--model', 'other'], says: 'model was "stand-in", now "other"' },
    {
      rule: 'that is lowered',
      line: 'max_output_tokens = 200',
      flags: [],
      says: 'max_output_tokens was 300, now 200, and can only be raised',
    },
    {
      rule: 'that leaves no room',
      line: 'max_output_tokens = 4000',
      flags: [],
      says: 'leaves too little room for 3 specs as planned',
    },
  ])('$rule is refused with the command of a new run, which works', async ({ line, flags, says }) => {
    const server = await newServer({ models: ['stand-in', 'other'] });
    const cli = await newUser();
    await configure(cli, '');
    const fault = { kind: 'status', status: 500, message: 'out of memory' } as const;
    // A model that has answered nothing may be another one.
    server.setFault({ fault, ...(flags.length > 0 && { textIncludes: 'number 1' }) });
    const given = ['--base-url', server.baseUrl, '--model', 'stand-in', '--batch-size', '2'];
    expect((await cli.run([...begin, ...given])).code).toBe(3);
    server.setFault(null);
    await configure(cli, line);
    const end = await cli.run(['batch-upsample', '--resume', 'latest', ...flags]);
    expect(end.code).toBe(6);
    expect(end.stderr).toContain(says);
    const command = /Start a new run with: cosmos (.+)/.exec(end.stderr)?.[1] ?? '';
    expect(command).toContain(`--batch-size 2`);
    if (line.includes('4000')) await configure(cli, '');
    const replacing = end.stderr.includes('needs another --output-dir, or --force') ? ['--force'] : [];
    expect(replacing).toHaveLength(flags.length > 0 ? 1 : 0);
    const done = await cli.run([...command.split(' '), ...replacing, '--json', '--no-progress']);
    expectDone(done);
    expect(JSON.parse(done.stdout).model).toBe(flags[1] ?? 'stand-in');
  });

  it('is the one that was named at the beginning, whatever config.toml says now', async () => {
    const server = await newServer();
    const cli = await newUser();
    await configure(
      cli,
      'base_url = "http://127.0.0.1:9/v1"\ntemperature = 0.6',
      '[upsampling]\nbatch_size = 7\n',
    );
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no' }, textIncludes: 'number 1' });
    const given = ['--base-url', server.baseUrl, '--batch-size', '1'];
    expect((await cli.run([...begin, ...given])).code).toBe(3);
    server.setFault(null);
    const resumed = await cli.run(resume);
    expectDone(resumed);
    expect(resumed.stderr).not.toContain('Changed settings');
  });

  it('stays as it is where no file of today names it: from another folder', async () => {
    const server = await newServer();
    const cli = await newUser();
    await configure(cli, `kind = "openai"\nbase_url = "${server.baseUrl}"\ntemperature = 0.1`);
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no' }, textIncludes: 'number 1' });
    const end = await cli.run(begin);
    server.setFault(null);
    const elsewhere = await newUser();
    const { checkpoint } = JSON.parse(end.stdout);
    // Another user, who knows nothing of the run.
    expect((await elsewhere.run(['trust', checkpoint])).code).toBe(0);
    expectDone(await elsewhere.run(['batch-upsample', '--resume', checkpoint, '--json', '--no-progress']));
    expect(new Set(server.stats.asks.map(({ temperature }) => temperature))).toEqual(new Set([0.1]));
  });
});

describe('upscale', () => {
  const film = ['upscale', 'film.mp4', '-o', 'big.mp4', '--preset', 'ultrafast', '--no-progress'];

  async function stoppedFilm(): Promise<Cli> {
    const cli = new Cli(join(folder, `user-${users++}`));
    await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 120 });
    const { child, ended } = await cli.start([...film, '--workers', '1', '--events', '-']);
    child.stdout?.on('data', (lines: string) => {
      if (lines.includes('"run-started"')) child.kill('SIGINT');
    });
    expect((await ended).code).toBe(130);
    return cli;
  }

  it('goes on with another number of workers, and is told so', async () => {
    const cli = await stoppedFilm();
    const end = await cli.run(['upscale', '--resume', 'latest', '--workers', '2', '--no-progress']);
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('upscaling.workers 2 (was 1)') });
  });

  it('refuses another quality with the command of a new run, which works', async () => {
    const cli = await stoppedFilm();
    await writeFile(join(cli.workingFolder, 'config.toml'), '[upscaling]\ncrf = 30\n');
    const end = await cli.run(['upscale', '--resume', 'latest', '--no-progress']);
    expect(end).toMatchObject({ code: 6, stderr: expect.stringContaining('upscaling.crf was 18, now 30') });
    const command = /Start a new run with: cosmos (.+)/.exec(end.stderr)?.[1] ?? '';
    expect(command).toContain('--preset ultrafast');
    expect((await cli.run([...command.split(' '), '--no-progress'])).code).toBe(0);
    // By now the output is there, and the command has to be changed.
    await writeFile(join(cli.workingFolder, 'config.toml'), '[upscaling]\ncrf = 31\n');
    const again = await cli.run(['upscale', '--resume', 'latest', '--crf', '31', '--no-progress']);
    expect(again).toMatchObject({ code: 6, stderr: expect.stringContaining('needs another --output, or') });
  });
});
