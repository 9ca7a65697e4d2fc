import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();

const hostileNames = [
  '$(touch owned)',
  '`touch owned`',
  "it's; touch owned #",
  'a|touch owned',
  'a && touch owned',
  '-y -i owned',
  '%03d',
  'concat:owned',
  'tab\tand\nnewline',
  '<script>document.title="owned"</script>',
  '提灯 🌧 café',
  '__proto__',
];

it('names made of shell, ffmpeg and HTML are names and nothing else', async () => {
  const cli = new Cli(folder);
  const specs = join(cli.workingFolder, 'specs');
  for (const [index, name] of hostileNames.entries()) {
    await makeClip(join(specs, `${name}.mp4`), { width: 256, height: 144, seed: index });
    await writeSpecs(specs, {
      [`${name}.json`]: sampleSpec({ name, prompt: `${name} in the rain`, input_video_path: `${name}.mp4` }),
    });
  }
  const before = await readdir(cli.workingFolder, { recursive: true });
  const end = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress']);
  expect(JSON.parse(end.stdout)).toMatchObject({
    status: 'complete',
    counts: { upsampled: hostileNames.length },
  });
  const after = await readdir(cli.workingFolder, { recursive: true });
  const added = after.filter((path) => !before.includes(path) && !/^(outputs|checkpoints)/.test(path));
  expect(added).toEqual([]);
  expect(after.filter((path) => path.endsWith('owned'))).toEqual([]);
  for (const name of hostileNames) {
    const enriched = JSON.parse(await readFile(join(cli.outputFolder, `${name}.json`), 'utf8'));
    expect(enriched.name).toBe(name);
  }
});

it('text from specs cannot steer the terminal', async () => {
  const cli = new Cli(join(folder, 'terminal'));
  const controls = '\u001b[2J\u001b]0;owned\u0007';
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
  await writeSpecs(specs, {
    'good.json': sampleSpec(),
    [`bad${controls.replace('/', '')}.json`]: sampleSpec({ input_video_path: `gone${controls}.mp4` }),
  });
  const end = await cli.run(['batch-upsample', 'specs']);
  expect(end.code).toBe(3);
  expect(end.stdout + end.stderr).not.toContain('\u001b');
});

it('what goes wrong is told without controls as well', async () => {
  const cli = new Cli(join(folder, 'errors'));
  const end = await cli.run(['plan', 'nowhere\u001b]0;owned\u0007\u009b2J']);
  expect(end.code).toBe(2);
  expect(end.stderr).toContain('nowhere\\u001b]0;owned');
  expect(end.stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
