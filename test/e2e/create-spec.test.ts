import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
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

  it('writes a RunSpec of it, by which the video is made of the spec and of the enriched one', async () => {
    const folders = ['--dir', 'runs', '--output-dir', 'enriched'];
    const sampling = ['--weight', 'edge=0.7', '--seed', '5', '--num-steps', '20'];
    const words = ['create-spec', 'pier', '--prompt', 'A quiet pier', '--video', 'videos/clip.mp4'];
    const control = ['--control', 'edge=videos/depth.mp4', '--upsample', '--json', '--no-progress'];
    const end = await cli.run([...words, ...control, ...folders, ...sampling, '--run']);
    const { spec, run_spec: runSpec } = JSON.parse(end.stdout);
    const way = relative(join(cli.workingFolder, 'runs'), runSpec);
    expect(way).toMatch(/^\d{4}-\d\d-\d\d.pier_[\dT-]+_rs_[0-9a-f]{12}\.json$/);
    const document = JSON.parse(await readFile(runSpec, 'utf8'));
    expect(documentSchemas['run-spec'].parse(document)).toEqual(document);
    expect(document).toMatchObject({
      prompt_id: JSON.parse(await readFile(spec, 'utf8')).id,
      control_weights: { edge: 0.7, vis: 0.25 },
      parameters: { seed: 5, num_steps: 20, fps: 24 },
      execution_status: 'pending',
    });
    for (const folder of ['runs', 'enriched']) {
      const { stdout } = await cli.run(['run', folder, '--output-dir', 'enriched', '--dry-run', '--json']);
      expect(JSON.parse(stdout).videos).toMatchObject([
        { run_spec: way, parameters: { seed: 5 }, control_weights: { edge: 0.7 }, code: null },
      ]);
    }
    // It is no spec, and nothing is wrong with it.
    const planned = await cli.run(['batch-upsample', 'runs', '--json', '--no-progress', ...folders.slice(2)]);
    expect([planned.code, JSON.parse(planned.stdout).counts]).toMatchObject([0, { total: 1, reused: 1 }]);
    const exported = await cli.run(['export', 'runs', '--json']);
    expect(JSON.parse(exported.stdout).specs).toMatchObject([{ name: document.name, refusal: null }]);
  });

  it.each([
    {
      rule: 'weights and parameters without a RunSpec',
      args: [...words, '--seed', '5', '--weight', 'edge=1'],
      says: '--run',
    },
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
