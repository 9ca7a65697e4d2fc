import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli, program } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = await temporaryFolder();
const isPosix = process.platform !== 'win32';
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

it('a spec that is edited while its prompt is enriched is not written over, and what is private stays private', async () => {
  const server = await startStandInServer();
  onTestFinished(() => server.stop());
  const cli = new Cli(join(folder, 'edited'));
  const specs = join(cli.workingFolder, 'specs');
  const clip = await makeClip(join(specs, 'clip.mp4'), { width: 128, height: 72 });
  await writeSpecs(specs, { 'a.json': sampleSpec({ prompt: 'Gulls' }), 'b.json': sampleSpec() });
  for (const path of ['a.json', 'b.json', 'clip.mp4']) await chmod(join(specs, path), 0o600);
  const before = await stat(clip);
  // Where an enriched spec will be, a link was planted that leads to another file.
  const victim = join(cli.workingFolder, 'victim');
  await writeFile(victim, 'keep');
  await mkdir(cli.outputFolder, { recursive: true });
  await symlink(victim, join(cli.outputFolder, 'b.json'));

  server.hold();
  const asked = ['--base-url', server.baseUrl, '--model', 'stand-in', '--write-back'];
  const words = ['batch-upsample', 'specs', '--no-progress', '--json', ...asked];
  const { child, ended } = await cli.start(words);
  onTestFinished(() => void child.kill('SIGKILL'));
  await waitFor(() => server.stats.requests === 2);
  const edited = JSON.stringify(sampleSpec({ prompt: 'Edited by its author' }));
  await writeFile(join(specs, 'a.json'), edited);
  server.release();
  const end = await ended;

  const { failures, counts } = JSON.parse(end.stdout);
  expect(end.code).toBe(3);
  expect(counts).toMatchObject({ upsampled: 1, failed: 1 });
  const kept = join(cli.outputFolder, 'a.json');
  expect(failures).toMatchObject([
    { spec: 'a.json', code: 'spec-changed', message: expect.stringContaining(kept) },
  ]);
  expect(await readFile(join(specs, 'a.json'), 'utf8')).toBe(edited);
  const { is_upsampled: isUpsampled, parent_prompt_text: parent } = JSON.parse(await readFile(kept, 'utf8'));
  expect([isUpsampled, parent]).toEqual([true, 'Gulls']);
  expect(JSON.parse(await readFile(join(specs, 'b.json'), 'utf8'))).toMatchObject({ is_upsampled: true });
  expect(await readFile(victim, 'utf8')).toBe('keep');
  expect((await readdir(specs)).sort()).toEqual(['a.json', 'b.json', 'clip.mp4']);

  const { mode, mtimeMs, nlink, ino } = await stat(clip);
  expect({ mode, mtimeMs, nlink, ino }).toEqual({
    ...{ mode: before.mode, mtimeMs: before.mtimeMs, nlink: before.nlink, ino: before.ino },
  });
  if (!isPosix) return;
  for (const path of [kept, join(cli.outputFolder, 'b.json'), join(specs, 'b.json')])
    expect([path, await modeOf(path)]).toEqual([path, '600']);
  const [run = ''] = await readdir(cli.checkpointFolder);
  const { XDG_CACHE_HOME: cache = '', XDG_STATE_HOME: state = '' } = cli.env;
  const folders = [
    join(cli.checkpointFolder, run),
    join(cache, 'cosmos'),
    join(state, 'cosmos'),
    cli.hostRoot,
  ];
  for (const path of folders) expect([path, await modeOf(path)]).toEqual([path, '700']);
});

it.runIf(isPosix)(
  'pipes and devices where files are expected are refused at once, and skipped in folders',
  async () => {
    const cli = new Cli(join(folder, 'pipes'));
    const at = (name: string) => join(cli.workingFolder, name);
    await writeSpecs(at('specs'), { 'a.json': sampleSpec({ input_video_path: '' }) });
    await makeClip(at('clip.mp4'), { width: 128, height: 72 });
    for (const name of ['specs/pipe.json', 'pipe.mp4', 'pipe.onnx', 'pipe.toml'])
      execFileSync('mkfifo', [at(name)]);
    const dry = ['-o', 'out.mp4', '--dry-run', '--json'];
    for (const [what, ...words] of [
      ['a named pipe', 'plan', 'specs/pipe.json', '--json'],
      ['a named pipe', 'plan', 'specs', '--config', 'pipe.toml', '--json'],
      ['a named pipe', 'upscale', 'pipe.mp4', ...dry],
      ['a named pipe', 'upscale', 'clip.mp4', '--engine', 'onnx', '--model', 'pipe.onnx', ...dry],
      ['a named pipe', 'retouch', 'clip.mp4', '--mask', 'pipe.mp4', ...dry],
      ['a named pipe', 'retouch', 'clip.mp4', '--plan', 'specs/pipe.json', ...dry],
    ]) {
      const { code, stdout } = await cli.run(words, 60_000);
      const { error } = JSON.parse(stdout || '{}');
      expect({ words, code, message: error?.message }).toEqual({
        ...{ words, code: 2, message: expect.stringContaining(`is ${what}, not a file`) },
      });
    }
    const folderOf = await cli.run(['plan', 'specs', '--allow-text-only'], 60_000);
    expect(folderOf.code).toBe(0);
    expect(folderOf.stdout + folderOf.stderr).toContain(
      'pipe.json is a named pipe, not a file, and is left out.',
    );
  },
);

it.runIf(isPosix)(
  'a spec that comes through a pipe of the shell is enriched, also for a user whom the system has no name for',
  async () => {
    const cli = new Cli(join(folder, 'piped'));
    await writeSpecs(cli.workingFolder, { 'a.json': sampleSpec({ input_video_path: '' }) });
    await chmod(folder, 0o755);
    const asOther = ['setpriv', '--reuid', '54321', '--regid', '54321', '--clear-groups'];
    // Root steps down, unless the checkout lies where no other user may look.
    const isRoot =
      process.geteuid?.() === 0 &&
      spawnSync('setpriv', [...asOther.slice(1), 'test', '-r', program, '-a', '-x', process.execPath])
        .status === 0;
    const words = ['batch-upsample', '/dev/stdin', '--allow-text-only', '--no-progress', '--json'];
    // A long path, so that the worker's socket lies in the folder of temporary files that has the user's number.
    const root = join(cli.workingFolder, 'r'.repeat(100));
    await cli.configure(`[hosts.local]\nremote_root = "${root}"\n`);
    if (isRoot) execFileSync('chown', ['-R', '54321:54321', join(folder, 'piped')]);
    const under = [...(isRoot ? asOther : []), 'sh', '-c', 'cat a.json | "$@"', 'sh'];
    const { child, ended } = await cli.start(words, under);
    onTestFinished(() => void child.kill('SIGKILL'));
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    expect(JSON.parse(stdout).counts).toMatchObject({ total: 1, upsampled: 1 });
    const [name = ''] = await readdir(cli.outputFolder);
    const enriched = JSON.parse(await readFile(join(cli.outputFolder, name), 'utf8'));
    expect(enriched).toMatchObject({ is_upsampled: true });
  },
);

it('an upscaled video is as private as its source, of which nothing changes', async () => {
  const cli = new Cli(join(folder, 'private'));
  const source = await makeClip(join(cli.workingFolder, 'clip.mp4'), { width: 64, height: 36, frames: 4 });
  await chmod(source, 0o600);
  const { mode, nlink, mtimeMs, ctimeMs } = await stat(source);
  const { code, stderr } = await cli.run(['upscale', 'clip.mp4', '-o', 'out.mp4', '--no-progress']);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(await stat(source)).toMatchObject({ mode, nlink, mtimeMs, ctimeMs });
  if (isPosix) expect(await modeOf(join(cli.workingFolder, 'out.mp4'))).toBe('600');
  const again = ['upscale', 'clip.mp4', '-o', 'clip2.mp4', '--force', '--json', '--no-progress'];
  await symlink('clip.mp4', join(cli.workingFolder, 'clip2.mp4'));
  const refused = await cli.run(again);
  expect(refused.code).toBe(2);
  expect(JSON.parse(refused.stdout).error.message).toContain('is the video itself');
});
