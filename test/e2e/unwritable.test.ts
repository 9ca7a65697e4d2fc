import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { SmallDisk, smallDiskSkipReason } from '../support/small-disk.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let cli: Cli;
let server: StandIn;

beforeAll(async () => {
  cli = new Cli(await temporaryFolder());
  server = await startStandInServer();
  const specs = [0, 1, 2].map((at) => [`s${at}.json`, sampleSpec({ prompt: `Scene number ${at}` })] as const);
  await writeSpecs(join(cli.workingFolder, 'specs'), Object.fromEntries(specs));
  await makeClip(join(cli.workingFolder, 'specs/clip.mp4'), { width: 64, height: 36, frames: 24 });
  await writeFile(join(cli.workingFolder, 'file'), '');
});
afterAll(() => server.stop());

/** A run ends with 2 before it has sent anything, and leaves no run behind. */
async function expectRefused(args: readonly string[], says: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const asked = server.stats.requests;
  const own = new Cli(join(cli.home, '..'), env);
  const end = await own.run([...args, '--no-progress']);
  expect(end.code).toBe(2);
  for (const text of says) expect(end.stderr).toContain(text);
  expect(server.stats.requests).toBe(asked);
  expect(existsSync(cli.checkpointFolder)).toBe(false);
}

const enrich = () => ['batch-upsample', 'specs', '--base-url', server.baseUrl];
const upscale = ['upscale', 'specs/clip.mp4', '-o'];

describe('a place that cannot be written is said before anything is sent:', () => {
  it.each([
    { place: 'the output', flag: '--output-dir', what: 'output folder' },
    { place: 'checkpoints', flag: '--checkpoint-dir', what: 'checkpoint folder' },
  ])('$place', async ({ flag, what }) => {
    const says = [what, join(cli.workingFolder, 'file/x'), 'a file is in its place', flag];
    await expectRefused([...enrich(), flag, 'file/x'], says);
  });

  it('the cache', async () => {
    const says = ['cache folder', 'a file is in its place', 'XDG_CACHE_HOME'];
    await expectRefused(enrich(), says, { XDG_CACHE_HOME: join(cli.workingFolder, 'file') });
  });

  it('an export, and what is made of answers to it', async () => {
    const batch = ['export', 'specs', '--format', 'openai-batch', '--model', 'm', '--output-dir'];
    const refused = await cli.run([...batch, 'file/x']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('a file is in its place')]);
    expect((await cli.run([...batch, 'sent'])).code).toBe(0);
    await writeFile(join(cli.workingFolder, 'answers.jsonl'), '');
    const answers = ['import-answers', 'answers.jsonl', '--export', 'sent', '--output-dir', 'file/x'];
    const end = await cli.run(answers);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining('a file is in its place')]);
  });

  it('the folder of a video', async () => {
    await expectRefused([...upscale, 'file/x.mp4'], ['a file is in its place', '--output']);
    const folder = join(cli.workingFolder, 'typo/dir');
    await expectRefused(
      [...upscale, 'typo/dir/x.mp4'],
      [`There is no folder ${folder}`, `mkdir -p ${folder}`],
    );
    expect(existsSync(join(cli.workingFolder, 'typo'))).toBe(false);
  });
});

const skipReason = smallDiskSkipReason();

describe.skipIf(skipReason !== null)('disks', () => {
  it('specs on a disk that can only be read are not asked for with --write-back', async () => {
    const folder = join(cli.workingFolder, 'archive');
    await mkdir(folder);
    using disk = new SmallDisk(folder, 2);
    await writeSpecs(disk.folder, { 's.json': sampleSpec({ input_video_path: '' }) });
    execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
    const args = ['batch-upsample', 'archive', '--base-url', server.baseUrl, '--allow-text-only'];
    const says = ['folder of the specs', folder, 'can only be read', 'Leave out --write-back'];
    await expectRefused([...args, '--write-back'], says);
  });

  it('one that is full at the start is named, and no run that does not exist', async () => {
    using disk = new SmallDisk(join(cli.workingFolder, 'full'), 2);
    disk.fill();
    const end = await cli.run([...enrich(), '--checkpoint-dir', 'full/runs', '--no-progress']);
    expect(end.code).toBe(1);
    expect(end.stderr).toContain(`checkpoint folder ${join(disk.folder, 'runs')}`);
    expect(end.stderr).toContain('its disk is full');
    expect(end.stderr).not.toMatch(/resume|latest/);
    expect((await readdir(disk.folder)).sort()).toEqual(['ballast']);
  });
});
