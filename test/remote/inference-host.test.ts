import { execFile } from 'node:child_process';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SshHost } from '../../src/adapters/ssh-host/ssh-host.ts';
import { SshUpkeep } from '../../src/adapters/ssh-host/ssh-upkeep.ts';
import { buildFiles } from '../support/lab/lab.ts';
import { createRemoteBench, type RemoteBench } from '../support/lab/remote-bench.ts';

const run = promisify(execFile);
const lab = inject('lab');
const signal = new AbortController().signal;
const image = 'cosmos-inference:lab';
const model = 'cosmos-lab-model:1';

/** A model's own image: a program in a folder that only root may enter, and an entrypoint that must not run. */
const modelDockerfile = (base: string) =>
  `FROM ${base}
WORKDIR /workspace
RUN echo 'the program' >inference.py && chmod 0700 .
ENTRYPOINT ["/nowhere/entrypoint.sh"]
`;

const look = `
cat inference.py
ls -l /proc/1/cwd
cat /checkpoints/model.pt
touch /checkpoints/x 2>&1
touch /workspace/x 2>&1
ls /sys/class/net
id -u
`;

/** What a hostile program tries: to read the token, and to leave programs and folders that others can use. */
const attack = `
const fs = require('node:fs');
const failures = [];
const attempt = (work) => { try { work(); failures.push('done'); } catch (error) { failures.push(error.code); } };
const shown = fs.readdirSync('/models');
attempt(() => fs.readFileSync('/models/token'));
attempt(() => fs.readFileSync('/models/hub/../token'));
for (const name of ['runs', 'slots', 'cache', 'objects']) fs.chmodSync('/cosmos/' + name, 0o777);
fs.writeFileSync('/cosmos/runs/tool', '#!/bin/sh\\n');
fs.chmodSync('/cosmos/runs/tool', 0o6777);
attempt(() => fs.chmodSync('/cosmos', 0o777));
attempt(() => fs.renameSync('/cosmos/objects', '/cosmos/runs/objects'));
attempt(() => fs.symlinkSync('/', '/cosmos/x'));
console.log(JSON.stringify({ shown, failures }));
`;

describe.skipIf(lab === null)('a host that runs a Cosmos model', () => {
  let bench: RemoteBench;
  let folder: string;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    if (lab === null) return;
    bench = await createRemoteBench(lab);
    folder = join(bench.root, '..');
    await mkdir(join(folder, 'weights/nvidia/Cosmos-Guardrail1'), { recursive: true });
    await mkdir(join(folder, 'models/hub'), { recursive: true });
    await writeFile(join(folder, 'models/token'), 'hf_secret\n');
    await writeFile(join(folder, 'weights/model.pt'), 'the weights\n');
    await mkdir(join(folder, 'context'));
    await writeFile(join(folder, 'context/Dockerfile'), modelDockerfile(lab.baseImage));
    await docker('build', '--quiet', '--tag', model, join(folder, 'context'));
  });
  afterAll(async () => {
    for (const thing of open) await thing.close();
    await bench?.[Symbol.asyncDispose]();
  });

  it("is prepared from the model's own image alone", async () => {
    const prepare = async (base: string) =>
      await upkeepOn(base).prepare({ role: 'inference', isForced: false }, () => undefined, signal);
    await expect(prepare('')).rejects.toMatchObject({ code: 'config-invalid' });
    expect(await inferenceChecks('')).toMatchObject([
      { status: 'ok', detail: expect.stringContaining('only') },
    ]);
    expect(await inferenceChecks(model)).toMatchObject([{ status: 'warning' }]);
    expect(await prepare(model)).toMatchObject({ image, outcome: 'built' });
    // Other tests tidy the same engine: what has a name of somebody's own is left alone.
    await docker('tag', image, 'kept-for-a-test:2');
    expect(await prepare(model)).toMatchObject({ image, outcome: 'present' });
    expect(await upkeepOn(model).status()).toMatchObject({
      inferenceImage: { name: image, isPresent: true },
    });
    expect(await inferenceChecks(model)).toMatchObject([
      { name: 'inference image', status: 'ok' },
      { name: 'checkpoints', status: 'ok' },
      { name: 'guardrails', status: 'warning', detail: expect.stringMatching(/^meta-llama\S+ is not/) },
    ]);
  });

  it('is looked through for the weights of a model that is to be served', async () => {
    const weights = async (modelsDir: string) => {
      const options = optionsOn('');
      const settings = { ...options.settings, models_dir: modelsDir };
      const use = { servesModel: true, servedModel: 'org/pixtral', upscalesWithModel: false };
      const upkeep = new SshUpkeep({ ...options, settings, ...use, buildFiles });
      open.push(upkeep);
      return (await upkeep.check()).find(({ name }) => name === 'weights');
    };
    const models = join(folder, 'models');
    expect(await weights(join(folder, 'nowhere'))).toMatchObject({
      status: 'failed',
      detail: `There is no folder ${join(folder, 'nowhere')} on the host.`,
    });
    const missing = { status: 'failed', detail: expect.stringContaining('no network to fetch it') };
    expect(await weights(models)).toMatchObject(missing);
    await mkdir(join(models, 'hub/models--org--pixtral'));
    expect(await weights(models)).toMatchObject({ status: 'ok' });
  });

  it('starts the worker where the program is, with checkpoints to read, and no network', async () => {
    const host = new SshHost(optionsOn(model));
    open.push(host);
    const opened = await host.openRun('run-1', { workers: 1, needs: 'inference-model', signal });
    open.unshift(opened);
    const container = bench.container(0);
    const { stdout } = await docker('exec', container, 'sh', '-c', look);
    expect(stdout.trim().split('\n')).toEqual([
      'the program',
      expect.stringMatching(/-> \/workspace$/),
      'the weights',
      expect.stringContaining('Read-only'),
      expect.stringContaining('Read-only'),
      'lo',
      expect.stringMatching(/^[1-9]\d*$/),
    ]);
    const [facts] = JSON.parse((await docker('inspect', container)).stdout);
    expect(facts.HostConfig).toMatchObject({ ShmSize: 2 ** 28, NetworkMode: 'none', ReadonlyRootfs: true });
  });

  it('shows a hostile program no token, and no other user what it leaves', async () => {
    await chmod(folder, 0o755);
    const { stdout } = await docker('exec', bench.container(0), 'node', '-e', attack);
    const { shown, failures } = JSON.parse(stdout);
    expect(shown).toEqual(['hub']);
    expect(failures).toEqual([
      'ENOENT',
      'ENOENT',
      'EROFS',
      expect.stringMatching(/^(EBUSY|EXDEV|EROFS)$/),
      'EROFS',
    ]);
    // The lab's workers run as another user than the root's owner; both are kept in.
    expect((await stat(join(bench.root, 'runs/tool'))).mode & 0o7777).toBe(0o6777);
    const asOther = { uid: 12_345, gid: 12_345 };
    await expect(run(join(bench.root, 'runs/tool'), ['-c', 'true'], asOther)).rejects.toMatchObject({
      code: 'EACCES',
    });
    await expect(run('ls', [join(bench.root, 'runs')], asOther)).rejects.toThrow('Permission denied');
  });

  it('says so where the folder of weights holds far more', async () => {
    const options = optionsOn(model);
    const whole = { ...options, settings: { ...options.settings, models_dir: '~' } };
    const host = new SshHost(whole);
    open.push(host);
    const refusal = { code: 'config-invalid', message: expect.stringContaining('models_dir = ') };
    await expect(
      host.openRun('run-3', { workers: 1, needs: 'inference-model', signal }),
    ).rejects.toMatchObject(refusal);
    const use = { servesModel: true, servedModel: '/models/x', upscalesWithModel: false };
    const upkeep = new SshUpkeep({ ...whole, ...use, buildFiles });
    open.push(upkeep);
    expect((await upkeep.check()).find(({ name }) => name === 'weights')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('of the system or of people'),
    });
  });

  it('replaces the container of another kind of work in its slot, when that is idle', async () => {
    const imageNow = async () => (await docker('inspect', '-f', '{{.Image}}', bench.container(0))).stdout;
    const before = await imageNow();
    const host = new SshHost(optionsOn(model));
    open.push(host);
    for (const needs of ['model-server', 'inference-model'] as const) {
      const opened = await host.openRun('run-2', { workers: 1, needs, signal });
      expect((await imageNow()) === before).toBe(needs === 'inference-model');
      await opened.close();
    }
  });

  function optionsOn(base: string) {
    const { settings, inference } = bench.parts;
    const named = { image, base_image: base, checkpoints_dir: join(folder, 'weights'), shm_size_gb: 0.25 };
    return {
      ...bench.parts,
      settings: { ...settings, network: 'none', models_dir: join(folder, 'models') } as const,
      inference: { ...inference, ...named },
    };
  }

  function upkeepOn(base: string): SshUpkeep {
    const use = { servesModel: false, servedModel: '', upscalesWithModel: false };
    const upkeep = new SshUpkeep({ ...optionsOn(base), ...use, buildFiles });
    open.push(upkeep);
    return upkeep;
  }

  async function inferenceChecks(base: string) {
    const checks = await upkeepOn(base).check();
    return checks.filter(({ name }) => /inference|checkpoints|guardrails/.test(name));
  }

  async function docker(...args: readonly string[]) {
    return await run('docker', ['-H', `unix://${lab?.dockerSocket}`, ...args]);
  }
});
