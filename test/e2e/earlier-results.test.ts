import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();

it('enriched specs of another engine or model are replaced with --force only', async () => {
  const server = await startStandInServer();
  onTestFinished(() => server.stop());
  const cli = new Cli(join(folder, 'engines'));
  const spec = (text: string) => sampleSpec({ prompt: text, input_video_path: '' });
  await writeSpecs(join(cli.workingFolder, 'specs'), { 'a.json': spec('Gulls'), 'b.json': spec('Boats') });
  const upsample = async (...flags: string[]) => {
    const words = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress', '--json', ...flags];
    const end = await cli.run(words);
    return { ...end, document: JSON.parse(end.stdout) };
  };
  const first = await upsample('--limit', '1');
  expect(first.document).toMatchObject({ status: 'complete', counts: { upsampled: 1 } });
  const output = join(cli.workingFolder, 'outputs', 'upsampled', 'a.json');
  const described = await readFile(output, 'utf8');

  const asked = ['--base-url', server.baseUrl, '--model', 'stand-in'];
  const refused = await upsample(...asked);
  expect(refused.code).toBe(2);
  expect(refused.document.error).toMatchObject({ code: 'output-exists' });
  expect(refused.document.error.message).toContain(`1 by describe (run ${first.document.run_id}`);
  expect(refused.document.error.next_step).toContain('--force');
  expect(server.stats.requests).toBe(0);
  expect(await readFile(output, 'utf8')).toBe(described);
  const plan = await cli.run(['plan', 'specs', '--allow-text-only', '--json', ...asked]);
  expect(JSON.parse(plan.stdout).would_replace).toEqual([
    {
      run_id: first.document.run_id,
      engine: 'describe',
      model: expect.stringContaining('describe'),
      count: 1,
      example: 'a.json',
    },
  ]);

  const forced = await upsample(...asked, '--force');
  expect(forced.document).toMatchObject({ status: 'complete', counts: { upsampled: 2 } });
  expect(await readFile(output, 'utf8')).not.toBe(described);
  // The same again, whatever the server calls its model: nothing is in the way, and nothing is asked twice.
  const again = await cli.run(['batch-upsample', 'specs', '--allow-text-only', '--no-progress', ...asked]);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('2 reused');
  expect(again.stdout).toMatch(/Reused answers come from earlier runs.*--force/);
  expect(server.stats.requests).toBe(2);
  const other = await upsample('--base-url', server.baseUrl, '--model', 'Vision-72B');
  expect(other.code).toBe(2);
  expect(other.document.error.message).toContain('2 by openai with');
});

it('a file that no run made is not replaced, whatever leads to it', async () => {
  const cli = new Cli(join(folder, 'links'));
  const { workingFolder } = cli;
  const spec = sampleSpec({ input_video_path: '' });
  await writeSpecs(join(workingFolder, 'specs'), {
    'config.json': { ...spec, credsStore: 'evil' },
    'b.json': spec,
  });
  // Links travel in archives and repositories.
  const theirs = join(folder, 'elsewhere', '.docker', 'config.json');
  await mkdir(dirname(theirs), { recursive: true });
  await writeFile(theirs, '{"auths":{}}');
  const outputs = join(workingFolder, 'outputs');
  await mkdir(outputs);
  await symlink(dirname(theirs), join(outputs, 'upsampled'));
  const command = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress'];
  const refused = await cli.run(command);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('no run of cosmos made it') });
  expect(await readFile(theirs, 'utf8')).toBe('{"auths":{}}');
  expect(await readdir(dirname(theirs))).toEqual(['config.json']);
  expect(JSON.parse((await cli.run(['plan', 'specs', '--allow-text-only', '--json'])).stdout)).toMatchObject({
    would_replace: [{ run_id: '', count: 1, example: 'config.json' }],
  });
  // One's own specs, which are meant.
  const back = await cli.run([...command, '--output-dir', 'specs', '--write-back']);
  expect(back).toMatchObject({ code: 0 });

  await rm(join(outputs, 'upsampled'));
  await mkdir(join(outputs, 'upsampled'));
  await symlink(dirname(theirs), join(outputs, 'upsampled', 'sub'));
  await writeSpecs(join(workingFolder, 'more'), { 'sub/config.json': spec });
  const within = await cli.run(['batch-upsample', 'more', ...command.slice(2)]);
  expect(within).toMatchObject({ code: 2, stderr: expect.stringContaining('is a link to') });
  expect(await readFile(theirs, 'utf8')).toBe('{"auths":{}}');
});

it('a spec by itself and an enriched one where it was written find their video', async () => {
  const cli = new Cli(join(folder, 'paths'));
  const specs = join(cli.workingFolder, 'specs');
  await mkdir(join(specs, 'videos'), { recursive: true });
  await makeClip(join(specs, 'videos', 'clip.mp4'), { width: 640, height: 360, seconds: 1, fps: 12 });
  await writeSpecs(specs, { 'day/a.json': sampleSpec({ input_video_path: 'videos/clip.mp4' }) });
  const run = async (...words: string[]) => {
    const end = await cli.run(words);
    expect({ words, code: end.code, stderr: end.code === 0 ? '' : end.stderr + end.stdout }).toEqual({
      ...{ words, code: 0, stderr: '' },
    });
    return JSON.parse(end.stdout);
  };
  const single = join('specs', 'day', 'a.json');
  const plan = await run('plan', single, '--auto-resize', '--json');
  expect(plan.specs).toMatchObject([{ action: 'hint', video: { width: 640 } }]);
  const flags = ['--auto-resize', '--no-progress', '--json'];
  expect(await run('batch-upsample', single, ...flags)).toMatchObject({ counts: { upsampled: 1 } });
  const enriched = join('outputs', 'upsampled', 'a.json');
  const planned = await run(
    'batch-upsample',
    enriched,
    '--force',
    '--dry-run',
    '--output-dir',
    'again',
    ...flags,
  );
  expect(planned.specs).toMatchObject([{ action: 'hint' }]);
  const again = ['batch-upsample', enriched, '--force', '--output-dir', 'again', ...flags];
  expect(await run(...again)).toMatchObject({ counts: { upsampled: 1, failed: 0 } });
  expect(await run('export', enriched, '--format', 'predict2.5', '--json')).toMatchObject({
    counts: { specs: 1, refused: 0 },
  });
});
