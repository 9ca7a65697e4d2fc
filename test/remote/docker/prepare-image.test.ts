import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildFiles } from '../../../src/adapters/docker/build-context.ts';
import { tarOf } from '../../../src/adapters/docker/build-context.ts';
import {
  findImage,
  findOldImages,
  removeImage,
  type WorkerImage,
} from '../../../src/adapters/docker/images.ts';
import { prepareImage } from '../../../src/adapters/docker/prepare-image.ts';
import type { PrepareProgress } from '../../../src/ports/host-upkeep.ts';
import { type DockerLab, startDockerLab } from '../../support/lab/docker-lab.ts';
import { missing } from '../../support/lab/needs.ts';

const image = 'cosmos-upsampler:0.1.0';
/** A Dockerfile with one step. */
const onBase = (step: string) => `ARG BASE_IMAGE\nFROM $BASE_IMAGE\n${step}`;
const archiveOf = (dockerfile: string) => tarOf([{ name: 'Dockerfile', content: Buffer.from(dockerfile) }]);
const never = new AbortController().signal;

describe.skipIf(missing('dockerd') !== null)('prepareImage', () => {
  let lab: DockerLab;
  let files: BuildFiles;
  const progress: PrepareProgress[] = [];

  const prepare = (change: Partial<Parameters<typeof prepareImage>[0]> = {}) => {
    progress.length = 0;
    const request = { client: lab.client, image: imageOf({}), files, isForced: false, ...change };
    return prepareImage(request, (step) => progress.push(step), never);
  };

  const imageOf = (change: Partial<WorkerImage>): WorkerImage => ({
    role: 'upsampler',
    name: image,
    baseImage: lab.baseImage,
    ...change,
  });

  afterAll(() => lab.stop());

  beforeAll(async () => {
    lab = await startDockerLab();
    files = await lab.writeBuild('first');
  });

  it('builds on the base image, with progress, and does nothing the second time', async () => {
    const built = await prepare();
    expect(built).toMatchObject({ image, outcome: 'built', imageId: expect.stringMatching(/^sha256:/) });
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^Step 1\//));
    const fractions = progress.map(({ fraction }) => fraction ?? 0);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));

    expect(await prepare()).toEqual({ ...built, outcome: 'present' });
    expect(progress).toEqual([]);
  });

  it('builds anew when it is told to', async () => {
    expect(await prepare({ isForced: true })).toMatchObject({ outcome: 'built' });
  });

  it('builds anew when the worker has changed, and leaves the old image to be removed', async () => {
    const before = await prepare();
    files = await lab.writeBuild('second', { worker: 'setInterval(() => undefined, 500);' });
    const after = await prepare();
    expect(after.outcome).toBe('built');
    expect(after.imageId).not.toBe(before.imageId);
    const old = await findOldImages(lab.client, [image]);
    expect(old.map(({ id }) => id)).toContain(before.imageId);
    expect(await removeImage(lab.client, before.imageId)).toBe(true);
    expect(await removeImage(lab.client, before.imageId)).toBe(true);
    expect(await findImage(lab.client, before.imageId)).toBeNull();
  });

  it('leaves alone what somebody built on it or named otherwise, and finds its own under whatever tag', async () => {
    const { imageId } = await prepare();
    const build = async (t?: string) => {
      const archive = archiveOf(`FROM ${imageId}\nENV MINE=${t}\n`);
      await lab.client.call(async (docker) => {
        const options = { version: '1' as const, networkmode: 'host', ...(t && { t }) };
        for await (const _ of await docker.buildImage(Readable.from([archive]), options));
      });
    };
    await build();
    await build('mine:1');
    await build('cosmos-upsampler:mine');
    const tag = async (id: string, repo: string, name: string) =>
      await lab.client.call((docker) => docker.getImage(id).tag({ repo, tag: name }));
    await tag(imageId, 'cosmos-upsampler', 'older');
    files = await lab.writeBuild('third', { worker: 'setInterval(() => undefined, 700);' });
    const next = await prepare();
    expect((await findOldImages(lab.client, [image])).map(({ id }) => id)).toContain(imageId);
    const named = await findOldImages(lab.client, [image, 'cosmos-upsampler:older']);
    expect(named.map(({ id }) => id)).not.toContain(imageId);
    const old = await findOldImages(lab.client, ['cosmos-upsampler:not-yet']);
    expect(old.map(({ id }) => id)).toEqual(expect.arrayContaining([imageId, next.imageId]));
    expect(old.flatMap(({ names }) => names).sort()).toEqual([
      'cosmos-upsampler:0.1.0',
      'cosmos-upsampler:older',
    ]);
    await tag(imageId, 'kept', '1');
    expect((await findOldImages(lab.client, [image])).map(({ id }) => id)).not.toContain(imageId);
  });

  it('is what runs when nothing is told: the worker, as nobody', async () => {
    await prepare();
    const found = await lab.client.call((docker) => docker.getImage(image).inspect());
    expect(found.Config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/usr/local/bin/node', '/opt/cosmos/worker.mjs'],
    });
    expect(found.Config.Cmd ?? []).toEqual([]);
  });

  it.each([
    {
      what: 'a step fails',
      dockerfile: onBase('RUN echo the reason; exit 7'),
      said: /returned a non-zero code: 7/,
      hint: /the reason/,
    },
    {
      what: 'the Dockerfile is none',
      dockerfile: 'NONSENSE',
      said: /unknown instruction|no build stage/i,
      hint: /^$/,
    },
    {
      what: 'a file is missing',
      dockerfile: onBase('COPY nothing.txt /'),
      said: /nothing\.txt/,
      hint: /COPY nothing\.txt/,
    },
  ])('says why when $what', async ({ dockerfile, said, hint }) => {
    const broken = await lab.writeBuild('broken', { dockerfile });
    const failure = await prepare({ files: broken }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'image-failed', message: expect.stringMatching(said) });
    expect((failure as { nextStep: string | null }).nextStep ?? '').toMatch(hint);
  });

  it('a worker that this Node cannot read fails the build', async () => {
    const broken = await lab.writeBuild('unreadable', { worker: 'const = 1' });
    await expect(prepare({ files: broken })).rejects.toMatchObject({ code: 'image-failed' });
  });

  it.each([
    { change: { baseImage: 'localhost:1/nobody/nothing:1' } },
    { change: { name: 'localhost:1/nobody/worker:1' } },
  ])('says so when a registry cannot be reached: $change', async ({ change }) => {
    await expect(prepare({ image: imageOf(change) })).rejects.toMatchObject({
      code: 'image-failed',
      nextStep: expect.stringContaining('reach the registry'),
    });
  });

  it('takes an image of another name as it is', async () => {
    expect(await prepare({ image: imageOf({ name: lab.baseImage }) })).toMatchObject({
      outcome: 'present',
      image: lab.baseImage,
    });
  });

  it('says what to do when the bundle is missing', async () => {
    const missing = await lab.writeBuild('missing');
    await rm(missing.workerBundle);
    await expect(prepare({ files: missing })).rejects.toMatchObject({ code: 'prerequisite-missing' });
  });

  it('ends when it is told to', async () => {
    const slow = await lab.writeBuild('slow', {
      dockerfile: onBase('RUN sleep 60'),
    });
    const stop = new AbortController();
    const request = { client: lab.client, image: imageOf({}), files: slow, isForced: false };
    const building = prepareImage(
      request,
      ({ message }) => {
        if (message.includes('sleep 60')) stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(building).rejects.toThrow('enough');
  });

  it('goes on with the build when the engine was restarted', async () => {
    const again = await lab.writeBuild('again', { worker: 'setInterval(() => undefined, 700);' });
    const building = prepare({ files: again });
    await lab.engine.restart();
    // Where the build was over when the engine went, the second look finds its image.
    expect(['built', 'present']).toContain((await building).outcome);
  });
});
