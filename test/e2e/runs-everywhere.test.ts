import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { runOnTerminal } from '../support/on-terminal.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = await temporaryFolder();

/** The same user in another folder. */
class OtherFolder extends Cli {
  override readonly workingFolder: string;
  constructor(user: string, folder: string) {
    super(join(root, user));
    this.workingFolder = join(root, user, folder);
  }
}

async function userWithSpecs(name: string): Promise<Cli> {
  const cli = new Cli(join(root, name));
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 64, height: 36, frames: 8 });
  await writeSpecs(specs, { 'a.json': sampleSpec({ prompt: 'A kite' }), 'b.json': sampleSpec() });
  return cli;
}

async function expectRun(cli: Cli, args: readonly string[], code: number) {
  const end = await cli.run(args);
  expect(end).toMatchObject({ code });
  return end;
}

async function runIdsOf(cli: Cli): Promise<string[]> {
  return (await readdir(cli.checkpointFolder)).sort();
}

describe('a run that was started in another folder', () => {
  it('is listed, reported, resumed and removed, by parts of its id and as the latest', async () => {
    const cli = await userWithSpecs('ada');
    // Settings of the folder hold for its runs from anywhere.
    await writeFile(
      join(cli.workingFolder, 'config.toml'),
      `[upsampling]\noutput_dir = "enriched"\n[hosts.local]\nremote_root = "${join(root, 'ada-root')}"\n`,
    );
    await expectRun(cli, ['trust'], 0);
    const lost = sampleSpec({ prompt: 'A mill', input_video_path: 'lost.mp4' });
    await writeSpecs(join(cli.workingFolder, 'specs'), { 'c.json': lost });
    await expectRun(cli, ['batch-upsample', 'specs', '--no-progress'], 3);
    const [runId = ''] = await runIdsOf(cli);
    const away = new OtherFolder('ada', 'away');
    const end = runId.slice(-8);

    const listed = await expectRun(away, ['runs', '--json'], 0);
    expect(JSON.parse(listed.stdout).runs).toMatchObject([{ run_id: runId, status: 'partial' }]);
    const { runs } = JSON.parse((await expectRun(away, ['runs', '--check', '--json'], 0)).stdout);
    expect(runs).toMatchObject([{ run_id: runId, on_host: { state: 'finished' } }]);
    expect((await expectRun(away, ['runs', '--here'], 0)).stdout).toContain('You have 1 run');
    expect((await expectRun(away, ['runs', '--status', 'complete'], 0)).stdout).toContain('No such run');

    const reported = await expectRun(away, ['report'], 0);
    expect(reported.stdout).toContain(join(cli.workingFolder, 'enriched'));
    expect(reported.stderr).toContain(`Your latest run is ${runId}, in ${cli.checkpointFolder}`);
    expect((await expectRun(away, ['cancel', end], 0)).stderr).toContain(`"${end}" is run ${runId}`);

    expect((await expectRun(away, ['cancel'], 2)).stderr).toContain(`cosmos cancel ${runId}`);

    const resumed = await expectRun(away, ['batch-upsample', '--resume', end, '--events', 'events.jsonl'], 3);
    expect(resumed.stderr).not.toContain('cannot be resumed');
    // Its output is where its own settings say; what is typed is where it was typed.
    expect(existsSync(join(away.workingFolder, 'events.jsonl'))).toBe(true);
    expect(existsSync(join(away.workingFolder, 'enriched'))).toBe(false);

    expect((await expectRun(away, ['runs', 'rm', end], 2)).stderr).toContain('--yes');
    expect((await runOnTerminal(away, ['runs', 'rm', end], 'n')).output).toContain('Remove for good? [y/N]');
    expect(await runIdsOf(cli)).toEqual([runId]);
    const removed = await runOnTerminal(away, ['runs', 'rm', end], 'yes');
    expect(removed.output).toContain(join(cli.checkpointFolder, runId));
    expect(await runIdsOf(cli)).toEqual([]);
    expect((await expectRun(away, ['report', end], 2)).stderr).toContain(`There is no run "${end}"`);
  });
});

it('what is ambiguous or gone is said, and the latest of this folder comes first', async () => {
  const cli = await userWithSpecs('grace');
  for (let run = 0; run < 2; run++) await expectRun(cli, ['batch-upsample', 'specs', '--force'], 0);
  const [first = '', second = ''] = await runIdsOf(cli);
  const shared = first.slice(0, 8);
  const ambiguous = await expectRun(cli, ['report', shared], 2);
  for (const id of [first, second]) expect(ambiguous.stderr).toContain(id);

  const copy = join(cli.workingFolder, 'copies', second);
  await mkdir(copy, { recursive: true });
  await writeFile(join(copy, 'checkpoint.json'), 'garbage');
  const damaged = await expectRun(cli, ['resume', copy], 6);
  expect(damaged.stderr).toMatch(
    /checkpoint\S* of the run in .* is damaged[\s\S]*→ Restore its checkpoint\.json/,
  );

  const latest = await expectRun(cli, ['report', 'latest'], 0);
  expect(latest.stderr).toContain(`The latest run of this folder is ${second}.`);

  await rename(cli.checkpointFolder, `${cli.checkpointFolder}-moved`);
  const away = new OtherFolder('grace', 'away');
  const { runs } = JSON.parse((await expectRun(away, ['runs', '--json'], 0)).stdout);
  expect(runs).toMatchObject([{ run_id: second, status: 'gone' }, { status: 'gone' }]);
  expect((await expectRun(away, ['report', second], 2)).stderr).toContain('no longer is');
  const pruned = await expectRun(away, ['runs', 'prune', '--yes', '--json'], 0);
  expect(JSON.parse(pruned.stdout).removed).toHaveLength(2);
  expect((await expectRun(away, ['runs'], 0)).stdout).toContain('No runs yet');
  await rename(`${cli.checkpointFolder}-moved`, cli.checkpointFolder);
  expect((await expectRun(cli, ['runs', 'prune', '--keep', '30d', '--yes'], 0)).stdout).toContain(
    'No run ended',
  );
  await expectRun(cli, ['runs', 'prune', '--keep', '0', '--yes'], 0);
  expect(await runIdsOf(cli)).toEqual([]);
});

it('a run whose results are still to come is removed only by force; a home that cannot be written stops none', async () => {
  const cli = await userWithSpecs('home');
  const state = join(root, 'home', 'state');
  await mkdir(state, { recursive: true });
  await writeFile(join(state, 'cosmos'), 'a file in the place of the folder');
  await chmod(state, 0o500);
  const detached = await cli.run(['batch-upsample', 'specs', '--detach', '--no-progress']);
  expect([0, 4]).toContain(detached.code);
  expect(detached.stderr.match(/list of your runs could not be written/g)).toHaveLength(1);
  const refused = await expectRun(cli, ['runs', 'rm', 'latest', '--yes'], 2);
  expect(refused.stderr).toContain('results are not here yet');
  await expectRun(cli, ['cancel', 'latest'], 0);
  await expectRun(cli, ['runs', 'rm', 'latest', '--yes', '--force'], 0);
  expect(await runIdsOf(cli)).toEqual([]);
  await chmod(state, 0o700);
});
