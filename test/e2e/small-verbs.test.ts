import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = await temporaryFolder();
const cli = new Cli(folder);
/** What the terminal showed when the run ended. */
let summary = '';
const prompt = 'A robot arm sorts parcels under neon tubes';

async function expectRun(args: readonly string[], code: number, user = cli) {
  const end = await user.run(args);
  expect(end).toMatchObject({ code });
  return end;
}

beforeAll(async () => {
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 64, height: 36, frames: 8 });
  await writeSpecs(specs, { 'scene/a.json': sampleSpec({ prompt, input_video_path: '../clip.mp4' }) });
  summary = (await expectRun(['batch-upsample', 'specs', '--no-progress'], 0)).stdout;
});

it('the terminal, report and its page say the same of when a run began and how long it took', async () => {
  const { stdout } = await expectRun(['report'], 0);
  expect(stdout).toBe(summary);
  const report = JSON.parse((await expectRun(['report', '--json'], 0)).stdout);
  const page = JSON.parse(await readFile(report.report.json, 'utf8'));
  expect(page).toMatchObject({ started_at: report.started_at, duration_ms: report.duration_ms });
  expect(stdout).toContain(`Started         ${report.started_at.slice(0, 16).replace('T', ' ')} UTC`);
});

it('show has the prompt before and after, of a source and of its enriched spec', async () => {
  const ofSource = await expectRun(['show', 'specs/scene/a.json', '--json'], 0);
  const enriched = join('outputs', 'upsampled', 'scene', 'a.json');
  const ofEnriched = await expectRun(['show', enriched, '--json'], 0);
  const [source] = JSON.parse(ofSource.stdout).specs;
  const [made] = JSON.parse(ofEnriched.stdout).specs;
  expect(source).toMatchObject({
    before: prompt,
    after: expect.stringContaining(prompt),
    record: { frames_used: 2 },
  });
  expect(source.enriched_spec).toBe(join(cli.workingFolder, enriched));
  expect(made).toEqual({ ...source, spec: source.enriched_spec, id: made.id });
  const text = (await expectRun(['show', 'specs/scene/a.json'], 0)).stdout;
  expect(text).toMatch(/Before\n {2}A robot[\s\S]*After\n {2}A robot[\s\S]*Tokens +\d+ vision/);
  const planned = await expectRun(['show', 'specs/scene/a.json', '--output-dir', 'elsewhere', '--json'], 0);
  expect(JSON.parse(planned.stdout).specs).toMatchObject([
    { after: null, planned: { action: 'as-is', hint: { width: 64 }, message: null } },
  ]);
  expect((await expectRun(['show', 'none.json'], 2)).stderr).toMatch(/There is no file .*none\.json\./);
});

it('a terminal without UTF-8 gets ASCII, in tables and in errors', async () => {
  const plain = new Cli(folder, { ...cli.env, LC_ALL: 'C' });
  for (const args of [['plan', 'specs'], ['report'], ['show', 'specs/scene/a.json'], ['runs', '--help']]) {
    const { stdout, stderr } = await expectRun(args, 0, plain);
    expect(stdout + stderr).toMatch(/^[\t\n\x20-\x7e]+$/);
  }
  expect((await expectRun(['plan', 'nowhere'], 2, plain)).stderr).toMatch(/^[\n\x20-\x7e]+$/);
  expect((await expectRun(['report'], 0)).stdout).toContain('✓');
});

it('report --open gives the report to the desktop, and off a desktop prints where it is', async () => {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, SSH_CONNECTION: _ssh, ...env } = cli.env;
  const off = new Cli(folder, { ...env, DISPLAY: '', WAYLAND_DISPLAY: '', SSH_CONNECTION: '' });
  const path = (await expectRun(['report', '--open'], 0, off)).stdout.trim();
  expect(path).toMatch(/report\.html$/);
  const opened = join(folder, 'opened');
  const programs = join(folder, 'bin');
  await mkdir(programs);
  await writeFile(join(programs, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`);
  await chmod(join(programs, 'xdg-open'), 0o755);
  const PATH = [programs, env['PATH']].join(delimiter);
  const desktop = new Cli(folder, { ...env, DISPLAY: ':0', SSH_CONNECTION: '', PATH });
  expect((await expectRun(['report', '--open'], 0, desktop)).stdout).toBe('');
  await waitFor(async () => (await readFile(opened, 'utf8').catch(() => '')) === path);
});

it('config init, show and path: a file to start from, what holds, and where it comes from', async () => {
  const written = await expectRun(['config', 'init'], 0);
  const path = join(cli.workingFolder, 'config.toml');
  expect(written.stdout).toContain(path);
  expect((await expectRun(['config', 'show'], 0)).stdout).toContain('Every setting has its default');
  expect((await expectRun(['config', 'init'], 2)).stderr).toContain('--force');
  const lines = [
    '[upsampling.engine]\nbase_url = "http://me:hunter2@example.org/v1"\nextra_body = { api_key = "hunter2" }',
    '[hosts.gpu1]\naddress = "gpu1.example.org"\n[pools.farm]\nhosts = ["gpu1"]',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  expect((await expectRun(['trust'], 0)).stdout).not.toContain('hunter2');
  const shown = await expectRun(['config', 'show', '--json'], 0);
  expect(shown.stdout).not.toContain('hunter2');
  const { settings } = JSON.parse(shown.stdout);
  expect(settings).toContainEqual({ name: 'hosts.gpu1.address', value: 'gpu1.example.org', source: path });
  expect(settings).toContainEqual({ name: 'upsampling.batch_size', value: 10, source: null });
  expect(JSON.parse((await expectRun(['config', 'path', '--json'], 0)).stdout).files).toMatchObject([
    { role: 'user', is_there: false },
    { path, role: 'project', is_there: true },
  ]);
  expect(JSON.parse((await expectRun(['host', 'list', '--json'], 0)).stdout).hosts).toMatchObject([
    { name: 'local', address: null },
    { name: 'gpu1', address: 'gpu1.example.org', pools: ['farm'] },
  ]);
});

it.each([
  { typed: ['enhance', 'clip.mp4'], says: 'Did you mean "cosmos upscale"?' },
  { typed: ['host', 'ls'], says: 'Did you mean "cosmos host list"?' },
  { typed: ['batch-upsample', 'specs', '--out', 'x'], says: 'Did you mean --output-dir?' },
])('what is not known suggests what was meant: $typed', async ({ typed, says }) => {
  expect((await expectRun(typed, 2)).stderr).toContain(says);
});
