import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { familyNames } from '../../src/core/inference/families.ts';
import { buildModelImage } from '../support/lab/model-image.ts';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { isMarked } from '../support/read-marker.ts';
import { bundleVllm } from '../support/stand-in/bundle-program.ts';
import { markerOf } from '../support/stand-in/model-program.ts';

const lab = inject('lab');
const image = 'cosmos-inference:lab-run';
const model = 'cosmos-lab-model:run';
const specs = 12;

/** From prompts to videos on a host: the programs of the models are stand-ins in the model's own image. */
describe.skipIf(lab === null)('cosmos run on a host', () => {
  let stage: RemoteStage;

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    await buildModelImage(model, stage, lab);
    await bundleVllm(join(stage.folder, 'models', 'vllm'));
    for (const path of [stage.folder, join(stage.folder, 'models')]) await chmod(path, 0o755);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 3, { edge: null });
    await stage.configure({ inference: { image, base_image: model, batch_size: 6, checkpoints_dir: '' } });
    const prepared = await stage.cli.run(['host', 'prepare', 'gpu1', '--inference', '--json'], 300_000);
    expect([prepared.code, prepared.stderr]).toEqual([0, expect.any(String)]);
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it.each(familyNames)('makes the videos of 12 specs with %s', async (family) => {
    const args = ['run', 'specs', '--host', 'gpu1', '--family', family, '--json', '--no-progress'];
    const folders = ['--videos-dir', `videos-${family}`, '--output-dir', `enriched-${family}`];
    const { code, stdout, stderr } = await stage.cli.run([...args, ...folders], 300_000);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { videos, counts } = JSON.parse(stdout);
    expect(counts).toMatchObject({ total: specs, made: specs });
    for (const { spec, path } of videos) {
      const enriched = join(stage.cli.workingFolder, `enriched-${family}`, spec);
      const { prompt } = JSON.parse(await readFile(enriched, 'utf8'));
      expect(isMarked(path, markerOf(prompt))).toBe(true);
    }
    if (family !== 'transfer1') return;
    const again = await stage.cli.run([...args, ...folders], 300_000);
    expect(JSON.parse(again.stdout).counts).toMatchObject({ made: 0, reused: specs });
  });

  it('has the model server of the first stage leave the GPU before the second', async () => {
    await stage.configure({
      inference: { image, base_image: model },
      'upsampling.docker': { offload_models: false },
      'upsampling.engine': {
        ...{ kind: 'openai', model: 'stand-in/tiny' },
        command: [
          '/models/vllm',
          'serve',
          '{model}',
          '--port',
          '{port}',
          '--limit-mm-per-prompt',
          '{"image":{frames}}',
        ],
      },
      'hosts.gpu1': { models_dir: join(stage.folder, 'models') },
    });
    const images: string[] = [];
    const args = [
      'run',
      'specs',
      '--host',
      'gpu1',
      '--only',
      '*_1',
      '--events',
      'events.jsonl',
      '--no-progress',
    ];
    const { child, ended } = await stage.cli.start([
      ...args,
      '--videos-dir',
      'served',
      '--output-dir',
      'served-specs',
    ]);
    const timer = setInterval(() => {
      stage
        .docker('inspect', '-f', '{{.Config.Image}}', stage.container())
        .then((id) => images.at(-1) === id || images.push(id))
        .catch(() => undefined);
    }, 200);
    const { code, stderr } = await ended.finally(() => clearInterval(timer));
    expect([code, stderr, child.exitCode]).toEqual([0, expect.any(String), 0]);
    // One container after the other in the one slot.
    expect(images.length).toBeGreaterThanOrEqual(2);
    const events = (await readFile(join(stage.cli.workingFolder, 'events.jsonl'), 'utf8')).trim().split('\n');
    const types = events.map((line) => JSON.parse(line).type as string);
    expect(types.indexOf('stage-started')).toBeGreaterThan(types.lastIndexOf('task-finished'));
    expect(types.indexOf('video-finished')).toBeGreaterThan(types.indexOf('stage-started'));
  });
});
