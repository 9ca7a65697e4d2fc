import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { bundleVllm } from '../support/stand-in/bundle-program.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
const specs = 16;
const serverFlags = ['--port', '{port}', '--limit-mm-per-prompt', '{"image":{frames}}'];

/** The worker in the container starts the model's server itself; a stand-in for `vllm serve` lies with the weights. */
describe.skipIf(lab === null)('a model that is served in the container', () => {
  let stage: RemoteStage;

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    const models = join(stage.folder, 'models');
    await bundleVllm(join(models, 'vllm'));
    for (const path of [stage.folder, models]) await chmod(path, 0o755);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 2);
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());
  afterEach(async () => {
    await stage.docker('rm', '-f', stage.container());
    await rm(join(stage.root, 'cache', 'journal'), { force: true });
  });

  it('is loaded with progress, and is still warm for the next run', async () => {
    await configure({ offload: false, STAND_IN_LOAD_UNTIL: '/models/loaded' });
    const first = upsample('--force');
    await waitFor(async () => (await engineStatus())?.state === 'loading');
    expect((await engineStatus())?.message).toMatch(/^loading stand-in\/tiny: \d+ s$/);
    await writeFile(join(stage.folder, 'models', 'loaded'), '');
    const { code, stderr } = await first;
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('not used any more')]);
    const second = await upsample('--force');
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain('loading');
    const journal = await readJournal();
    expect(journal.filter(({ event }) => event === 'start')).toHaveLength(1);
    expect(journal.filter(({ event }) => event === 'ask')).toHaveLength(2 * specs);
    expect(await engineStatus()).toMatchObject({ state: 'ready', model: 'stand-in/tiny', restarts: 0 });
    const logs = await stage.cli.run(['logs', 'latest', '--engine']);
    expect(logs.stdout).toContain('Application startup complete');
  });

  it('is stopped when its run ends, where models are to be offloaded', async () => {
    await configure({ offload: true });
    expect((await upsample('--force')).code).toBe(0);
    await waitFor(async () => !(await stage.docker('top', stage.container())).includes('vllm serve'), 15_000);
    expect((await upsample('--force')).code).toBe(0);
    expect((await readJournal()).filter(({ event }) => event === 'start')).toHaveLength(2);
  });

  it('is started again when a prompt kills it, until that prompt alone has failed', async () => {
    await configure({ offload: false, STAND_IN_DIE_ON: 'Shot number 00005' });
    const { code, stdout } = await upsample('--force', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      counts: { upsampled: specs - 1, failed: 1 },
      failures: [{ spec: 'shot_5/s.json', code: 'engine-crashed' }],
    });
    expect(code).toBe(3);
  });

  it('that cannot be loaded ends the run with what it said', async () => {
    await configure({ offload: false, STAND_IN_DIE_LOADING: 'CUDA error: no kernel image is available' });
    const { code, stderr } = await upsample('--force');
    expect(stderr).toContain('no kernel image is available');
    expect(code).not.toBe(0);
  });

  async function configure({ offload, ...variables }: { offload: boolean } & Record<string, unknown>) {
    const journal = 'STAND_IN_JOURNAL=/cosmos/cache/journal';
    const settings = Object.entries(variables).map(([name, value]) => `${name}=${String(value)}`);
    await stage.configure({
      'hosts.gpu1': { models_dir: join(stage.folder, 'models') },
      'upsampling.docker': { offload_models: offload },
      'upsampling.engine': {
        kind: 'openai',
        model: 'stand-in/tiny',
        concurrency: 8,
        command: ['env', journal, ...settings, '/models/vllm', 'serve', '{model}', ...serverFlags],
      },
    });
  }

  async function engineStatus() {
    const { stdout } = await stage.cli.run(['host', 'status', 'gpu1', '--json']);
    const { slots } = JSON.parse(stdout) as {
      slots: { engine: { state: string; message: string | null } | null }[];
    };
    return slots[0]?.engine ?? null;
  }

  async function upsample(...flags: string[]) {
    return await stage.cli.run(['batch-upsample', 'specs', '--host', 'gpu1', ...flags], 110_000);
  }

  async function readJournal(): Promise<{ readonly event: string }[]> {
    const text = await readFile(join(stage.root, 'cache', 'journal'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
  }
});
