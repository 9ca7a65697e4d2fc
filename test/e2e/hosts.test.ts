import { once } from 'node:events';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ctrlC, Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = await temporaryFolder();
const old = new Date('2020-01-01T00:00:00Z');
const cli = new Cli(join(folder, 'user'));
let runId = '';

/** Every time stamp below a folder is set back: a run counts as touched when any of them is young. */
async function makeOld(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await makeOld(join(path, entry.name));
  }
  await utimes(path, old, old);
}

beforeAll(async () => {
  const specs = {
    'a.json': sampleSpec({ input_video_path: null }),
    'b.json': sampleSpec({ input_video_path: null, prompt: 'A red kite' }),
  };
  await writeSpecs(join(cli.workingFolder, 'specs'), specs);
  const end = await cli.run(['batch-upsample', 'specs', '--allow-text-only', '--json', '--no-progress']);
  expect(end).toMatchObject({ code: 0 });
  runId = JSON.parse(end.stdout).run_id;
});

describe('this machine as a host', () => {
  it('runs: the host always, how it stands there only with --check', async () => {
    const plain = await cli.run(['runs']);
    expect(plain.stdout).toMatch(/HOST/);
    expect(plain.stdout).not.toMatch(/ON HOST/);
    const checked = await cli.run(['runs', '--check']);
    expect(checked.stdout).toMatch(/ON HOST\n.* local .* finished 2\/2\n$/);
    const { runs } = JSON.parse((await cli.run(['runs', '--check', '--json'])).stdout);
    expect(runs).toEqual([
      expect.objectContaining({ run_id: runId, on_host: expect.objectContaining({ state: 'finished' }) }),
    ]);
  });

  it('logs: the last lines, and following a run that has ended ends', async () => {
    const shown = await cli.run(['logs', runId]);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).not.toBe('');
    expect((await cli.run(['logs', 'latest', '--follow'])).stdout).toBe(shown.stdout);
    const document = JSON.parse((await cli.run(['logs', '--json', '--lines', '1'])).stdout);
    expect(document).toMatchObject({ version: 1, run_id: runId, host: 'local', workers: [{ worker_id: 0 }] });
    expect(document.workers[0].lines).toHaveLength(1);
  });

  it('host status: text and JSON', async () => {
    const shown = await cli.run(['host', 'status', 'local']);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^local {2}this machine\n {2}Disk /);
    const document = JSON.parse((await cli.run(['host', 'status', 'local', '--json'])).stdout);
    expect(document).toMatchObject({ version: 1, host: 'local', docker_version: null, slots: [] });
  });

  it('host prune: lists, says how, and removes with --yes what is old and done', async () => {
    const young = await cli.run(['host', 'prune', 'local']);
    expect(young.stdout).toBe('There is nothing on local that no run needs.\n');
    await makeOld(join(cli.hostRoot, 'runs', runId));
    const listed = await cli.run(['host', 'prune', 'local']);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(new RegExp(`^run  ${runId}  .* all of it has results`));
    expect(listed.stdout).toContain(
      'Nothing was removed. To remove it: cosmos host prune local --keep 7d --yes',
    );
    const kept = await cli.run(['host', 'prune', 'local', '--keep', '520w', '--yes']);
    expect(kept.stdout).toContain('There is nothing');
    const document = JSON.parse((await cli.run(['host', 'prune', 'local', '--json'])).stdout);
    expect(document).toMatchObject({ unneeded: [{ name: runId }], removed: [], is_confirmed: false });
    const pruned = await cli.run(['host', 'prune', 'local', '--yes']);
    expect(pruned.stdout).toMatch(/\nRemoved 1 run, .* from local\.\n$/);
    expect(await readdir(join(cli.hostRoot, 'runs'))).toEqual([]);
    expect((await cli.run(['runs', '--check'])).stdout).toMatch(/complete .* unknown\n$/);
    expect(await cli.run(['logs', runId])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no log'),
    });
  });

  it('host prepare: says that there is nothing to prepare', async () => {
    const end = await cli.run(['host', 'prepare', 'local']);
    expect(end).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('needs no preparation'),
    });
  });
});

it('a run that was left: served, followed until Ctrl-C, never pruned, stopped by cancel, continued when asked', async () => {
  const server = await startStandInServer();
  server.hold();
  onTestFinished(() => server.stop());
  const left = new Cli(join(folder, 'left'));
  await writeSpecs(join(left.workingFolder, 'specs'), { 'a.json': sampleSpec({ input_video_path: null }) });
  const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--allow-text-only'];
  const end = await left.run(['batch-upsample', 'specs', ...engine, '--detach', '--no-progress']);
  expect(end.code).toBe(0);
  const [, id = ''] = /cosmos attach (\S+)/.exec(end.stdout) ?? [];
  expect(end.stdout).toContain(`cosmos logs ${id}`);
  expect(end.stdout).toContain(`cosmos cancel ${id}`);
  await waitFor(async () => (await left.run(['runs', '--check'])).stdout.includes('running 0/1'));
  const status = await left.run(['host', 'status', 'local']);
  expect(status.stdout).toMatch(new RegExp(`Worker 0 running {2}process \\d+\n +run ${id} {2}\\w+`));

  const { child, ended } = await left.start(['logs', id, '--follow']);
  await once(child.stdout ?? child, 'data');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130, stderr: '' });

  using follower = new Terminal(left, ['attach', id]);
  await follower.shows('1 to go');
  follower.press(ctrlC);
  expect(await follower.ended).toBe(130);
  expect(follower.text).toContain('work for 1 of 1 specs keeps running on this machine');
  expect(follower.text).toContain(`cosmos cancel ${id}`);
  await waitFor(async () => (await left.run(['runs', '--check'])).stdout.includes('running 0/1'));

  await makeOld(join(left.hostRoot, 'runs', id));
  const pruned = await left.run(['host', 'prune', 'local', '--keep', '0', '--yes']);
  expect(pruned.stdout).toBe('There is nothing on local that no run needs.\n');
  expect(await left.run(['cancel', id])).toMatchObject({ code: 0 });
  expect((await left.run(['runs', '--check'])).stdout).toMatch(
    new RegExp(`stopped 0/1\\n\\n${id}: It was cancelled .*cosmos resume ${id}\\n$`),
  );

  // Following it would start its work again, which a person has to want.
  const refused = await left.run(['attach', id]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`cosmos resume ${id}`)]);
  server.release();
  using asked = new Terminal(left, ['attach', id]);
  await asked.shows('[y/N]');
  asked.press('y\r');
  expect(await asked.ended).toBe(0);
});

it.each([
  [['host', 'status', 'gpu9']],
  [['host', 'prune', 'gpu9', '--yes']],
  [['host', 'prepare', 'gpu9']],
  [['doctor', '--host', 'gpu9']],
  [['batch-upsample', 'specs', '--host', 'gpu9']],
])('an unknown host ends %j with 2, and names those that there are', async (args) => {
  const end = await cli.run(args);
  expect(end).toMatchObject({ code: 2, stdout: '' });
  expect(end.stderr).toMatch(/no host "gpu9" .*known: local/);
});

it.each([
  { args: ['host', 'prune', 'local', '--keep', 'long'], says: '--keep long' },
  { args: ['logs', '--follow', '--json'], says: '--follow' },
  { args: ['logs', '--worker', '-1'], says: '--worker' },
  { args: ['host', 'stattus', 'local'], says: 'Did you mean "cosmos host status"' },
])('wrong usage: $args', async ({ args, says }) => {
  const end = await cli.run(args);
  expect(end.code).toBe(2);
  expect(end.stdout + end.stderr).toContain(says);
});
