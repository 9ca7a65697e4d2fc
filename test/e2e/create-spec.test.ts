import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const cli = new Cli(await temporaryFolder());
const words = ['create-spec', 'Café: one/two', '--prompt', 'A quiet café', '--video', 'videos/clip.mp4'];

beforeAll(async () => {
  await makeClip(join(cli.workingFolder, 'videos/clip.mp4'), { width: 640, height: 360 });
  await makeClip(join(cli.workingFolder, 'videos/depth.mp4'), { width: 640, height: 360, seed: 2 });
});

describe('create-spec', () => {
  it('writes a spec that is found from everywhere, and enriches it where a run over the folder would', async () => {
    const end = await cli.run([
      ...words,
      '--control',
      'depth=videos/depth.mp4',
      '--upsample',
      '--json',
      '--no-progress',
    ]);
    expect(end.code).toBe(0);
    const { spec, run } = JSON.parse(end.stdout);
    expect(run).toMatchObject({ status: 'complete', counts: { total: 1, upsampled: 1 } });
    const way = relative(join(cli.workingFolder, 'specs'), spec);
    expect(way).toMatch(/^\d{4}-\d\d-\d\d.Café_one_two_[\dT-]+_ps_[0-9a-f]{12}\.json$/);
    expect(JSON.parse(await readFile(spec, 'utf8'))).toMatchObject({
      name: 'Café: one/two',
      input_video_path: '../../videos/clip.mp4',
      control_inputs: { depth: '../../videos/depth.mp4' },
      is_upsampled: false,
    });
    expect(JSON.parse(await readFile(join(cli.outputFolder, way), 'utf8'))).toMatchObject({
      is_upsampled: true,
    });
    const again = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress']);
    expect(JSON.parse(again.stdout).counts).toMatchObject({ total: 1, reused: 1 });
  });

  it.each([
    {
      rule: 'a video that is not there',
      args: [...words.slice(0, 5), 'videos/none.mp4'],
      says: 'videos/none.mp4',
    },
    {
      rule: 'a control of no known kind',
      args: [...words, '--control', 'smell=videos/clip.mp4'],
      says: 'smell',
    },
    {
      rule: 'an empty prompt',
      args: ['create-spec', 'x', '--prompt', ' ', '--video', 'videos/clip.mp4'],
      says: 'prompt',
    },
    {
      rule: 'an empty name',
      args: ['create-spec', '', '--prompt', 'p', '--video', 'videos/clip.mp4'],
      says: 'name',
    },
  ])('refuses $rule with exit code 2', async ({ args, says }) => {
    const end = await cli.run(args);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(says);
  });
});
