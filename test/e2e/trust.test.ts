import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { runOnTerminal } from '../support/on-terminal.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let root = '';

beforeAll(async () => {
  root = await temporaryFolder();
});

let users = 0;

/** A user who has unpacked a folder with a spec, a film and these settings of its maker. */
async function downloaded(config: string, env: NodeJS.ProcessEnv = {}): Promise<Cli> {
  const cli = new Cli(join(root, `user-${users++}`), env);
  await writeSpecs(join(cli.workingFolder, 'specs'), { 'a.json': sampleSpec({ input_video_path: '' }) });
  await writeFile(join(cli.workingFolder, 'config.toml'), config);
  return cli;
}

/** A command of settings that leaves a file when it runs. */
function leaving(marker: string): string {
  return JSON.stringify(['sh', '-c', `touch '${marker}'; exec sleep 9`, '{port}']);
}

/** A server that answers nothing of use, and remembers what it was asked. */
async function recordingServer() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.authorization ?? ''}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return { requests, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

async function expectRefused(cli: Cli, args: readonly string[], ...says: readonly string[]): Promise<void> {
  const end = await cli.run(args);
  const output = `${end.stdout}${end.stderr}`;
  expect({ args, code: end.code, output }).toMatchObject({ code: 2 });
  for (const text of says) expect(output).toContain(text);
}

describe('settings that came with a folder', () => {
  it('run no program, whatever command is typed, and what only reads works', async () => {
    const marker = join(root, 'marker');
    const command = `command = ${leaving(marker)}`;
    const cli = await downloaded(
      `[upsampling.engine]\nkind = "openai"\nmodel = "m"\n${command}\n[retouching]\nengine = "command"\n${command}\n` +
        `[inference]\n${command}\n`,
    );
    await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 4 });
    const config = join(cli.workingFolder, 'config.toml');
    const says = [config, 'upsampling.engine.command', `cosmos trust ${config}`];
    for (const args of [
      ['batch-upsample', 'specs', '--allow-text-only'],
      ['plan', 'specs'],
      ['run', 'specs'],
      ['retouch', 'film.mp4', '-o', 'out.mp4', '--region', '0,0,8,8'],
      ['limits', '--yes'],
      ['doctor', '--deep'],
      ['worker', '--queue', 'redis://127.0.0.1:9', '--store', 'store', '--drain'],
    ])
      await expectRefused(cli, args, ...says);
    const refused = await cli.run(['plan', 'specs', '--json']);
    expect(JSON.parse(refused.stdout).error).toMatchObject({ code: 'config-not-trusted' });
    const listed = await cli.run(['runs']);
    expect(listed).toMatchObject({ code: 0, stderr: expect.stringContaining('do not count here') });
    const shown = JSON.parse((await cli.run(['config', 'show', '--json'])).stdout);
    expect(shown).toMatchObject({
      files: [{ role: 'user' }, { path: config, is_approved: false }],
      not_approved: { path: config, settings: expect.arrayContaining([expect.objectContaining({})]) },
    });
    expect(shown.settings).toContainEqual({ name: 'upsampling.engine.command', value: [], source: null });
    expect(existsSync(marker)).toBe(false);
    expect(await readdir(cli.workingFolder)).toEqual(['config.toml', 'film.mp4', 'specs']);
  });

  it('send no key to a server, and count once they are approved, until they change', async () => {
    const server = await recordingServer();
    const lines = (url: string) =>
      `[upsampling.engine]\nkind = "openai"\nmodel = "m"\nbase_url = "${url}"\napi_key_env = "OUR_SECRET"\n` +
      `[retry]\nmax_attempts = 1\nmax_outage_s = 0\n`;
    const cli = await downloaded(lines(server.baseUrl), { OUR_SECRET: 'hunter2' });
    const enrich = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress'];
    for (const args of [enrich, ['doctor'], ['limits', '--yes'], ['plan', 'specs']])
      await expectRefused(cli, args, 'upsampling.engine.api_key_env', 'upsampling.engine.base_url');
    expect(server.requests).toEqual([]);

    const trusted = await cli.run(['trust', '--json']);
    expect(trusted.code).toBe(0);
    expect(JSON.parse(trusted.stdout).approved).toMatchObject([
      {
        kind: 'settings',
        path: join(cli.workingFolder, 'config.toml'),
        settings: [
          { name: 'upsampling.engine.base_url', value: server.baseUrl },
          { name: 'upsampling.engine.api_key_env', value: 'OUR_SECRET' },
        ],
        was_approved: false,
      },
    ]);
    const folder = join(root, `user-${users - 1}`, 'state', 'cosmos', 'approved', 'settings');
    const [name = ''] = await readdir(folder);
    const modes = await Promise.all(
      [folder, join(folder, name)].map(async (path) => (await stat(path)).mode),
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o700, 0o600]);

    await cli.run(['doctor']);
    expect(server.requests.join()).toContain('Bearer hunter2');
    const { length } = server.requests;
    const other = server.baseUrl.replace('/v1', '/other/v1');
    await writeFile(join(cli.workingFolder, 'config.toml'), lines(other));
    await expectRefused(cli, ['doctor'], 'cosmos trust');
    expect(server.requests).toHaveLength(length);
    // What was approved is approved where it was: in another folder a command in it would be another program.
    const copy = new Cli(join(root, `user-${users - 1}`), { OUR_SECRET: 'hunter2' });
    Object.assign(copy, { workingFolder: join(copy.workingFolder, 'copy') });
    await mkdir(copy.workingFolder);
    await writeFile(join(copy.workingFolder, 'config.toml'), lines(server.baseUrl));
    await expectRefused(copy, ['doctor'], 'cosmos trust');
    await writeFile(join(cli.workingFolder, 'config.toml'), lines(server.baseUrl));
    expect((await cli.run(['config', 'path'])).stdout).toContain('used, approved');
    expect((await cli.run(['trust', '--revoke'])).stdout).toContain('No longer approved');
    await expectRefused(cli, ['plan', 'specs'], 'cosmos trust');
  });

  it("do not lead the user's key to another place on this machine", async () => {
    const server = await recordingServer();
    const cli = await downloaded(`[upsampling.engine]\nbase_url = "${server.baseUrl}"\n`, {
      MINE: 'hunter2',
    });
    expect((await cli.run(['config', 'path'])).stdout).not.toContain('approved');
    await cli.configure('[upsampling.engine]\nkind = "openai"\napi_key_env = "MINE"\n');
    await expectRefused(cli, ['doctor'], 'upsampling.engine.base_url');
    expect(server.requests).toEqual([]);
  });

  it('do not redirect a host of the user, nor lead out of the folder', async () => {
    const cli = await downloaded('[hosts.gpu1]\nport = 9\nknown_hosts_file = "known_hosts"\n');
    await cli.configure('[hosts.gpu1]\naddress = "gpu1.invalid"\n');
    for (const args of [
      ['host', 'status', 'gpu1'],
      ['doctor', '--host', 'gpu1'],
      ['batch-upsample', 'specs', '--allow-text-only', '--host', 'gpu1'],
    ])
      await expectRefused(cli, args, 'hosts.gpu1.port', 'hosts.gpu1.known_hosts_file');
    const config = join(cli.workingFolder, 'config.toml');
    for (const place of ['../elsewhere', '/tmp/elsewhere', '~/elsewhere']) {
      await writeFile(config, `[upsampling]\noutput_dir = "${place}"\n`);
      await expectRefused(cli, ['batch-upsample', 'specs', '--allow-text-only'], 'upsampling.output_dir');
    }
    await writeFile(config, '[upsampling]\noutput_dir = "a/../b"\nbatch_size = 3\n');
    expect(await cli.run(['plan', 'specs', '--allow-text-only'])).toMatchObject({ code: 0 });
  });

  it('are asked about on a terminal, where control characters are shown and no is the default', async () => {
    const hidden = String.raw`command = ["echo", "\u001b[2K\u202Esafe", "{port}"]`;
    const cli = await downloaded(`[upsampling.engine]\n${hidden}\n`);
    const config = join(cli.workingFolder, 'config.toml');
    const refused = await runOnTerminal(cli, ['plan', 'specs', '--allow-text-only'], '');
    expect(refused.output).toContain(String.raw`\u001b[2K\u202esafe`);
    expect(refused).toMatchObject({ code: 2, output: expect.stringContaining(`cosmos trust ${config}`) });
    const agreed = await runOnTerminal(cli, ['plan', 'specs', '--allow-text-only'], 'y');
    expect(agreed).toMatchObject({
      code: 0,
      output: expect.stringContaining('Approve them for this folder?'),
    });
    expect(await cli.run(['plan', 'specs', '--allow-text-only'])).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse((await cli.run(['trust', '--list', '--json'])).stdout).approvals).toMatchObject([
      { kind: 'settings', path: config, settings: ['upsampling.engine.command'] },
    ]);
  });

  it('count without approval where the user names the file, or keeps it for every folder', async () => {
    const lines = '[hosts.gpu1]\naddress = "gpu1.invalid"\n';
    const cli = await downloaded(lines);
    expect(await cli.run(['plan', 'specs', '--allow-text-only', '--config', 'config.toml'])).toMatchObject({
      code: 0,
    });
    await rm(join(cli.workingFolder, 'config.toml'));
    await cli.configure(lines);
    expect((await cli.run(['host', 'list'])).stdout).toContain('gpu1.invalid');
  });
});

it.skipIf(process.platform === 'win32')(
  'a program of a model that came with a folder is not started',
  async () => {
    const programs = join(root, 'programs');
    await mkdir(programs);
    const python = `[ -f "$1" ] && exec sh "$@"; echo "python: can't open file '$1': [Errno 2]" >&2; exit 2`;
    await writeFile(join(programs, 'python'), `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    const cli = await downloaded('', { PATH: `${programs}:${process.env['PATH']}` });
    await makeClip(join(cli.workingFolder, 'specs', 'film.mp4'), { width: 256, height: 144 });
    await writeSpecs(join(cli.workingFolder, 'specs'), {
      'a.json': sampleSpec({ input_video_path: 'film.mp4' }),
    });
    const marker = join(root, 'program-marker');
    const program = join(cli.workingFolder, 'examples', 'inference.py');
    await mkdir(dirname(program));
    await writeFile(program, `touch '${marker}'`);
    const run = ['run', 'specs', '--family', 'predict2.5', '--no-progress'];
    const end = await cli.run(run);
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining('inference.program_dir') });
    expect(existsSync(marker)).toBe(false);
    // Where the user names the folder, it is.
    await cli.configure(`[inference]\nprogram_dir = "${cli.workingFolder}"\n`);
    await cli.run([...run, '--force']);
    expect(existsSync(marker)).toBe(true);
  },
);

describe.skipIf(process.platform === 'win32')('a settings file', () => {
  it('is not used where others may write to it', async () => {
    const cli = await downloaded('[hosts.gpu1]\naddress = "gpu1.invalid"\n');
    const config = join(cli.workingFolder, 'config.toml');
    const own = join(cli.env['XDG_CONFIG_HOME'] ?? '', 'cosmos', 'config.toml');
    await cli.run(['trust']);
    expect((await cli.run(['host', 'list'])).code).toBe(0);
    await chmod(config, 0o666);
    await expectRefused(cli, ['host', 'list'], 'every user may write to it', `chmod go-w ${config}`);
    await expectRefused(cli, ['trust'], 'every user may write to it');
    await expectRefused(cli, ['plan', 'specs', '--config', 'config.toml'], 'every user may write to it');
    // Without such settings it matters to nobody.
    await writeFile(config, '[upsampling]\nbatch_size = 3\n');
    expect((await cli.run(['plan', 'specs', '--allow-text-only'])).code).toBe(0);
    await cli.configure('[upsampling]\nbatch_size = 3\n');
    await chmod(own, 0o602);
    await expectRefused(cli, ['runs'], own, 'every user may write to it');
  });

  it.skipIf(process.getuid?.() !== 0)('is not used where it belongs to another user', async () => {
    const cli = await downloaded('[hosts.gpu1]\naddress = "gpu1.invalid"\n');
    const config = join(cli.workingFolder, 'config.toml');
    await cli.run(['trust']);
    await chown(config, 65_534, 65_534);
    await expectRefused(cli, ['host', 'list'], 'it belongs to another user');
    await expectRefused(cli, ['trust'], 'it belongs to another user');
  });

  it('is refused at once where it is a pipe, a folder or too large', async () => {
    const cli = await downloaded('');
    const config = join(cli.workingFolder, 'config.toml');
    await rm(config);
    execFileSync('mkfifo', [config]);
    const end = await cli.run(['plan', 'specs'], 60_000);
    expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('it is a named pipe') });
    await expectRefused(cli, ['plan', 'specs', '--config', '/dev/zero'], 'device, not a file');
    await rm(config);
    await mkdir(config);
    await expectRefused(cli, ['plan', 'specs'], 'it is a folder');
    await rm(config, { recursive: true });
    await writeFile(config, `# ${'x'.repeat(1 << 20)}`);
    await expectRefused(cli, ['plan', 'specs'], 'larger than 1 MiB');
    expect(await readFile(join(cli.workingFolder, 'specs', 'a.json'), 'utf8')).toContain('prompt');
  });
});

describe('a run that came from elsewhere', () => {
  const begin = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress'];
  const resume = ['resume', 'latest', '--no-progress'];

  /** A user with a finished run, and its folder. */
  async function userWithRun() {
    const cli = await downloaded('');
    expect(await cli.run(begin)).toMatchObject({ code: 0 });
    const [id = ''] = await readdir(cli.checkpointFolder);
    return { cli, id, folder: join(cli.checkpointFolder, id) };
  }

  /** Another user, who has unpacked the folder of the first one. */
  async function otherUserOf(cli: Cli): Promise<Cli> {
    const other = new Cli(join(root, `user-${users++}`));
    await cp(cli.workingFolder, other.workingFolder, { recursive: true });
    return other;
  }

  /** Makes the run in this folder start a program when it is continued, and write there. */
  async function poison(folder: string, marker: string, outputDir: string): Promise<void> {
    const path = join(folder, 'checkpoint.json');
    const checkpoint = JSON.parse(await readFile(path, 'utf8'));
    const command = ['sh', '-c', `touch '${marker}'; exit 1`, '{port}'];
    Object.assign(checkpoint.settings, { output_dir: outputDir });
    Object.assign(checkpoint.settings.engine, { kind: 'openai', model: 'm', command });
    await writeFile(path, JSON.stringify(checkpoint));
    await rm(join(folder, 'journal.jsonl'));
  }

  it('does nothing before it is approved, and what only reads works', async () => {
    const { cli, id } = await userWithRun();
    const other = await otherUserOf(cli);
    const folder = join(other.checkpointFolder, id);
    const [marker, outside] = [join(root, 'run-marker'), join(root, 'run-outside')];
    await poison(folder, marker, outside);
    for (const args of [
      resume,
      ['resume', folder],
      ['batch-upsample', '--resume', 'latest'],
      ['attach'],
      ['cancel', id],
    ])
      await expectRefused(other, args, folder, 'engine.command', `cosmos trust ${folder}`);
    expect(await other.run(['runs'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(id.slice(-8)),
    });
    expect(await other.run(['report', 'latest'])).toMatchObject({ code: 0 });
    expect([existsSync(marker), existsSync(outside)]).toEqual([false, false]);
    // Also of a run that the user started with a version that remembered none.
    await expectRefused(other, resume, 'cosmos has no record that you started the run');
    await chmod(join(folder, 'checkpoint.json'), 0o666);
    await expectRefused(other, ['trust', folder], 'every user may write to it', `chmod -R go-w ${folder}`);
    await expectRefused(other, resume, 'every user may write to it');
    await chmod(join(folder, 'checkpoint.json'), 0o644);

    const refused = await runOnTerminal(other, resume, '');
    expect(refused).toMatchObject({ code: 2, output: expect.stringContaining(outside) });
    expect([existsSync(marker), existsSync(outside)]).toEqual([false, false]);
    const trusted = await other.run(['trust', id.slice(-8)]);
    expect(trusted).toMatchObject({ code: 0, stdout: expect.stringContaining('engine.command') });
    expect(trusted.stdout).toContain('is approved now, until it changes:');
    const lock = join(folder, 'run.lock');
    const bystander = spawn('sleep', ['60']);
    try {
      const owner = {
        pid: bystander.pid,
        host: hostname(),
        process_start: null,
        acquired_at: 'then',
        token: 't',
      };
      await writeFile(lock, JSON.stringify(owner));
      const cancelled = await other.run(['cancel', id]);
      expect(cancelled).toMatchObject({ code: 5, stderr: expect.stringContaining('Nothing was stopped') });
      expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
      await rm(lock);
    } finally {
      bystander.kill('SIGKILL');
    }
    // What was refused is what would have happened.
    await other.run([...resume, '--workers', '1'], 60_000);
    expect([existsSync(marker), existsSync(outside)]).toEqual([true, true]);
  });

  it('is not asked about where the user started it, copied or not; of another user it is, once, and again when it changes', async () => {
    const { cli, id, folder } = await userWithRun();
    expect(await cli.run(resume)).toMatchObject({ code: 0 });
    const copy = join(cli.workingFolder, 'copies', id);
    await cp(folder, copy, { recursive: true });
    expect(await cli.run(['resume', copy, '--no-progress'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli.run(['trust', '--list', '--json'])).stdout).approvals).toEqual([]);

    const other = await otherUserOf(cli);
    const theirs = join(other.checkpointFolder, id);
    const agreed = await runOnTerminal(other, resume, 'y');
    expect(agreed.output).toContain('Approve this run?');
    expect(agreed.output).toContain('output_dir');
    expect(await other.run(resume)).not.toMatchObject({ code: 2 });
    expect(JSON.parse((await other.run(['trust', '--list', '--json'])).stdout).approvals).toMatchObject([
      { kind: 'run', path: theirs },
    ]);
    // What a later session is said to have set needs approval like the checkpoint.
    const journal = join(theirs, 'journal.jsonl');
    const lines = (await readFile(journal, 'utf8')).trim().split('\n');
    const started = JSON.parse(lines[0] ?? '');
    const { settings } = JSON.parse(await readFile(join(theirs, 'checkpoint.json'), 'utf8'));
    started.settings = { ...settings, output_dir: join(root, 'journal-outside') };
    await writeFile(journal, `${[JSON.stringify(started), ...lines.slice(1)].join('\n')}\n`);
    await expectRefused(other, resume, `cosmos trust ${theirs}`);
    expect(existsSync(join(root, 'journal-outside'))).toBe(false);
  });

  it('with paths that lead out of its folders is damaged, approved or not, and no file is touched', async () => {
    const { cli, id, folder } = await userWithRun();
    const path = join(folder, 'checkpoint.json');
    const whole = await readFile(path, 'utf8');
    const before = await readdir(cli.workingFolder, { recursive: true });
    for (const [spec, more] of [
      ['../../escaped.json', {}],
      ['/etc/escaped.json', {}],
      ['C:/escaped.json', {}],
      ['a\\..\\escaped.json', {}],
      ['a\0.json', {}],
      // Without what its number adds, it is the folder above.
      ['..#1', { element: 1 }],
      ['..xx', { element: 1 }],
    ] as const) {
      const checkpoint = JSON.parse(whole);
      Object.assign(checkpoint.specs[0], { spec, ...more });
      checkpoint.batches[0].specs = [spec];
      await writeFile(path, JSON.stringify(checkpoint));
      await rm(join(folder, 'journal.jsonl'), { force: true });
      const end = await cli.run(resume);
      expect({ spec, end }).toMatchObject({ end: { code: 6, stderr: expect.stringContaining(path) } });
      expect(await cli.run(['trust', folder])).toMatchObject({ code: 6 });
    }
    await writeFile(path, whole);
    // What the run writes and clears up stays in its folder.
    const link = join(folder, 'assembly');
    await symlink(cli.home, link);
    for (const args of [resume, ['report', id]])
      expect(await cli.run(args)).toMatchObject({
        code: 6,
        stderr: expect.stringContaining(`${link} is not`),
      });
    await rm(link);
    const after = await readdir(cli.workingFolder, { recursive: true });
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
    expect(after.filter((name) => /escaped|etc/.test(name))).toEqual([]);
    expect(id).not.toBe('');
  });
});
