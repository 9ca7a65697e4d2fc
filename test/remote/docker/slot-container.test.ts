import { readFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  demultiplex,
  listSlotContainers,
  queryGpus,
  readLog,
  removeContainer,
  stopContainer,
} from '../../../src/adapters/docker/containers.ts';
import { daemonFacts } from '../../../src/adapters/docker/daemon-facts.ts';
import { prepareImage } from '../../../src/adapters/docker/prepare-image.ts';
import { SlotContainer } from '../../../src/adapters/docker/slot-container.ts';
import { type DockerLab, startDockerLab } from '../../support/lab/docker-lab.ts';
import { missing } from '../../support/lab/needs.ts';
import { waitFor } from '../../support/wait-for.ts';

const image = 'cosmos-upsampler:0.1.0';
const never = new AbortController().signal;
const weights = (source: string) => ({ mounts: [{ source, below: '' }], hub: 'hub' });

describe.skipIf(missing('dockerd') !== null)('SlotContainer', () => {
  let lab: DockerLab;
  let settings: ConstructorParameters<typeof SlotContainer>[0]['settings'];
  const made: SlotContainer[] = [];

  const imageOf = (name: string) => ({ role: 'upsampler', name, baseImage: lab.baseImage }) as const;

  const prepare = async (worker?: string) => {
    const files = await lab.writeBuild('worker', worker === undefined ? {} : { worker });
    return await prepareImage(
      { client: lab.client, image: imageOf(image), files, isForced: false },
      () => undefined,
      never,
    );
  };

  const slot = (
    change: Partial<typeof settings> = {},
    busyRun: () => Promise<string | null> = async () => null,
    name = image,
  ) => {
    const container = new SlotContainer({
      client: lab.client,
      image: name,
      imageNextStep: 'cosmos host prepare gpu1',
      missingImage: { host: 'gpu1', role: 'upsampler' },
      settings: { ...settings, ...change },
      busyRun,
    });
    made.push(container);
    return container;
  };

  const inside = async (container: SlotContainer, command: readonly string[]) =>
    await lab.client.call(async (docker) => {
      const exec = await docker
        .getContainer(container.name)
        .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
      return demultiplex(await buffer(await exec.start({}))).both.trim();
    });

  afterAll(() => lab.stop());

  beforeAll(async () => {
    lab = await startDockerLab();
    const rootPath = join(lab.folder, 'root with ünïcode, comma');
    for (const name of ['cache', 'incoming', 'objects', 'runs', 'slots'])
      await mkdir(join(rootPath, name), { recursive: true });
    for (const name of ['cache', 'objects', 'runs', 'slots']) await chmod(join(rootPath, name), 0o777);
    await chmod(rootPath, 0o700);
    settings = {
      rootPath,
      slotId: 0,
      user: { uid: 1234, gid: 2345 },
      gpuIds: [],
      network: 'none',
      models: null,
      modelProgram: null,
      idleTimeoutMs: 60_000,
    };
    await prepare();
  });

  afterEach(async () => {
    for (const container of made.splice(0)) await removeContainer(lab.client, container.name);
  });

  it('starts once, and is adopted afterwards', async () => {
    const container = slot();
    expect(await container.state()).toEqual({ state: 'absent', exitCode: null });
    expect(await container.ensureRunning()).toEqual({ isStarted: true });
    const running = await container.state();
    expect(running).toMatchObject({ state: 'running', exitCode: null });
    expect(await slot().ensureRunning()).toEqual({ isStarted: false });
    expect(await container.state()).toEqual(running);
    await waitFor(async () => (await readLog(lab.client, container.name, 5)).includes('ready'));
    expect(await readLog(lab.client, container.name, 5)).toContain(
      'ready --root /cosmos --slot 0 --idle-timeout-ms 60000',
    );
    expect(await listSlotContainers(lab.client, settings.rootPath)).toEqual([
      { id: expect.stringMatching(/^[0-9a-f]{64}$/), name: container.name, slotId: 0, isRunning: true },
    ]);
  });

  it('makes one container, however many ask at once', async () => {
    const clients = Array.from({ length: 8 }, () => slot());
    await Promise.all(clients.map((container) => container.ensureRunning()));
    expect(await listSlotContainers(lab.client, settings.rootPath)).toHaveLength(1);
  });

  it('is confined, as seen from inside', async () => {
    const container = slot({ slotId: 3 });
    await container.ensureRunning();
    const status = await inside(container, ['cat', '/proc/self/status']);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status).toMatch(new RegExp(`^${set}:\\t0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(status).toMatch(/^Uid:\t1234\t1234/m);
    expect(status).toMatch(/^Gid:\t2345\t2345/m);
    const devices = await inside(container, ['cat', '/proc/net/dev']);
    expect([...devices.matchAll(/^\s*(\S+):/gm)].map((match) => match[1])).toEqual(['lo']);
    expect(await inside(container, ['touch', '/opt/x'])).toContain('Read-only file system');
    expect(await inside(container, ['touch', '/etc/x'])).toContain('Read-only file system');
    expect(await inside(container, ['touch', '/tmp/x', '/cosmos/runs/written'])).toBe('');
    expect(
      await inside(container, ['sh', '-c', 'echo $HOME $HF_HUB_OFFLINE $VLLM_WORKER_MULTIPROC_METHOD']),
    ).toBe('/tmp 1 spawn');
  });

  it('is confined, as the engine sees it', async () => {
    const container = slot();
    await container.ensureRunning();
    const found = await lab.client.call((docker) => docker.getContainer(container.name).inspect());
    expect(found.HostConfig).toMatchObject({
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      ReadonlyRootfs: true,
      Privileged: false,
      PidsLimit: 4096,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      LogConfig: { Type: 'json-file' },
    });
    expect(found.Config.User).toBe('1234:2345');
    expect(await container.gpus()).toEqual([]);
  });

  it('mounts weights to read', async () => {
    const container = slot({ models: weights(lab.folder) });
    await container.ensureRunning();
    expect(await inside(container, ['ls', '/models'])).toContain('worker.mjs');
    expect(await inside(container, ['touch', '/models/x'])).toContain('Read-only file system');
  });

  it('starts again after it was stopped or killed', async () => {
    const container = slot();
    await container.ensureRunning();
    await container.kill();
    await container.kill();
    expect(await container.state()).toMatchObject({ state: 'stopped', exitCode: 137 });
    expect(await container.ensureRunning()).toEqual({ isStarted: true });
    await stopContainer(lab.client, container.name, 5);
    await stopContainer(lab.client, container.name, 5);
    expect(await container.state()).toMatchObject({ state: 'stopped' });
    expect(await container.ensureRunning()).toEqual({ isStarted: true });
  });

  it('replaces one of other settings when that is idle, and leaves it alone when it is at work', async () => {
    const old = slot();
    await old.ensureRunning();
    const busy = slot({ idleTimeoutMs: 5 }, async () => 'run-1');
    expect(await busy.state()).toMatchObject({ state: 'foreign' });
    await expect(busy.ensureRunning()).rejects.toMatchObject({ code: 'host-busy', exitCode: 5 });
    expect(await old.ensureRunning()).toEqual({ isStarted: false });
    expect(await slot({ idleTimeoutMs: 5 }).ensureRunning()).toEqual({ isStarted: true });
    expect(await old.state()).toMatchObject({ state: 'foreign' });
  });

  it('replaces one of an older image', async () => {
    await slot().ensureRunning();
    const { outcome } = await prepare(
      'process.on("SIGTERM", () => process.exit(0)); setInterval(() => 0, 900);',
    );
    expect(outcome).toBe('built');
    expect(await slot().ensureRunning()).toEqual({ isStarted: true });
    expect(await slot().state()).toMatchObject({ state: 'running' });
    await prepare();
  });

  it('never touches what somebody else made under its name', async () => {
    const container = slot();
    const request: object = {
      _query: { name: container.name },
      _body: { Image: lab.baseImage, Cmd: ['sleep', '60'] },
    };
    await lab.client.call((docker) => docker.createContainer(request));
    await expect(container.ensureRunning()).rejects.toMatchObject({
      code: 'host-refused',
      nextStep: expect.stringContaining('docker rm'),
    });
    expect(await container.state()).toMatchObject({ state: 'foreign' });
  });

  it.each([
    { what: 'the image is missing', change: {}, name: 'cosmos-upsampler:none', code: 'image-missing' },
    {
      what: 'weights are missing',
      change: { models: weights('/tmp/there is none') },
      name: image,
      code: 'config-invalid',
    },
    { what: 'there is no GPU', change: { gpuIds: ['0'] }, name: image, code: 'prerequisite-missing' },
  ])('says so when $what', async ({ change, name, code }) => {
    await expect(slot(change, undefined, name).ensureRunning()).rejects.toMatchObject({ code });
  });

  it('shows what a worker said that does not stay up', async () => {
    await prepare('console.error("no luck today"); process.exitCode = 3;');
    const container = slot();
    await container.ensureRunning();
    await waitFor(async () => (await container.state()).state === 'stopped');
    expect(await container.explain()).toMatchObject({
      code: 'worker-failed',
      message: expect.stringContaining('exit code is 3'),
      nextStep: expect.stringContaining('no luck today'),
    });
    await prepare();
  });

  it('survives an engine that is restarted: calls wait for it, and the container starts again', async () => {
    const container = slot();
    await container.ensureRunning();
    const restarted = lab.engine.restart();
    const states = Promise.all(Array.from({ length: 5 }, () => container.state()));
    await restarted;
    await states;
    await container.ensureRunning();
    expect(await container.state()).toMatchObject({ state: 'running' });
  });

  it('asks nvidia-smi for GPUs, where the container has it', async () => {
    const { dockerfile } = await lab.writeBuild('plain');
    const output = String.raw`#!/bin/sh\necho "0, NVIDIA H200, 4, 143771"\n`;
    const program = '/usr/local/bin/nvidia-smi';
    const files = await lab.writeBuild('smi', {
      dockerfile: `${readFileSync(dockerfile, 'utf8')}
USER root
RUN printf '${output}' > ${program} && node -e 'fs.chmodSync("${program}", 0o755)'
`,
    });
    const request = { client: lab.client, image: imageOf('cosmos-upsampler:smi'), files, isForced: false };
    await prepareImage(request, () => undefined, never);
    const container = slot({}, undefined, 'cosmos-upsampler:smi');
    await container.ensureRunning();
    expect(await queryGpus(lab.client, container.name)).toEqual([
      { index: 0, name: 'NVIDIA H200', usedBytes: 4 * 1024 ** 2, totalBytes: 143_771 * 1024 ** 2 },
    ]);
    await slot().ensureRunning();
    expect(await queryGpus(lab.client, container.name)).toEqual([]);
  });

  it('knows its engine', async () => {
    expect(await daemonFacts(lab.client)).toMatchObject({
      version: expect.stringMatching(/^\d+\./),
      isRootless: false,
      hasNvidiaRuntime: false,
    });
  });
});
