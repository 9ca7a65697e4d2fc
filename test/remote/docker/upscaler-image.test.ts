import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confinement } from '../../../src/adapters/docker/container-spec.ts';
import { type DockerLab, startDockerLab } from '../../support/lab/docker-lab.ts';
import { missing } from '../../support/lab/needs.ts';
import { writeRuntimeArchive } from '../../support/lab/upscaler-base.ts';
import { samplePicture } from '../../support/onnx/onnx-rig.ts';
import { largestDifference, runNetwork } from '../../support/onnx/run-network.ts';
import { networkModel, sampleNetwork } from '../../support/onnx/sample-models.ts';

const root = resolve(import.meta.dirname, '../../..');
const image = 'cosmos-upscaler:test';
/** In the container: gives a lane one frame, and writes what it says. */
const askLane = `
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const [options] = process.argv.slice(1);
const input = Buffer.concat([Buffer.from([1, 0, 0, 0]), readFileSync('/work/frame')]);
const lane = spawnSync(process.execPath, ['/opt/cosmos/worker.mjs', '--lane', options], { input });
console.log('said', lane.stdout.toString('base64'), 'complained', String(lane.stderr));
`;

describe.skipIf(missing('dockerd') !== null)('the image of docker/upscaler', () => {
  let lab: DockerLab;

  afterAll(() => lab.stop());

  beforeAll(async () => {
    lab = await startDockerLab();
    const context = join(lab.folder, 'context');
    await mkdir(context);
    await copyFile(join(root, 'docker/upscaler/Dockerfile'), join(context, 'Dockerfile'));
    execFileSync(process.execPath, [join(root, 'scripts/bundle-worker.ts'), join(context, 'worker.mjs')]);
    await writeRuntimeArchive(join(context, 'onnxruntime.tar'));
    const archive = join(lab.folder, 'context.tar');
    execFileSync('tar', ['-C', context, '-cf', archive, '.']);
    const said: string[] = [];
    await lab.client.call(async (docker) => {
      const buildargs = { BASE_IMAGE: lab.baseImage, NODE_IMAGE: lab.baseImage };
      const options = { t: image, version: '1' as const, networkmode: 'host', buildargs };
      for await (const part of await docker.buildImage(createReadStream(archive), options))
        said.push(String(part));
    });
    expect(said.join('')).toContain('Successfully tagged');
  });

  it('upscales with a model in a confined container, without a network', async () => {
    const [width, height] = [24, 16];
    const network = sampleNetwork(2, [3, 3]);
    const frame = samplePicture(width, height);
    const work = join(lab.folder, 'work');
    await mkdir(work);
    await chmod(work, 0o755);
    await writeFile(join(work, 'model.onnx'), networkModel(network, { io: 'float16' }));
    await writeFile(join(work, 'frame'), frame);
    const options = {
      ...{ modelPath: '/work/model.onnx', scale: 2, width, height, pixelFormat: 'rgb24' },
      ...{ batchSize: 1, tile: 0, lane: 0, threads: 1 },
    };
    const output = await runInContainer(['--eval', askLane, JSON.stringify(options)], work);
    const [, said = ''] = /^said (\S+) complained\s*$/.exec(output) ?? [];
    expect(said, output).not.toBe('');
    const answer = Buffer.from(said, 'base64');
    const large = answer.subarray(answer.length - width * height * 12);
    expect(largestDifference(large, runNetwork(network, frame, width, height))).toBeLessThanOrEqual(1);
  });

  async function runInContainer(command: string[], work: string): Promise<string> {
    return await lab.client.call(async (docker) => {
      const container = await docker.createContainer({
        Image: image,
        Entrypoint: ['/usr/local/bin/node'],
        Cmd: command,
        User: '1234:2345',
        // Plain output, without frames of Docker's own.
        Tty: true,
        HostConfig: { ...confinement, NetworkMode: 'none', Binds: [`${work}:/work:ro`] },
      });
      try {
        await container.start();
        await container.wait();
        return String(await container.logs({ stdout: true, stderr: true }));
      } finally {
        await container.remove({ force: true });
      }
    });
  }
});
