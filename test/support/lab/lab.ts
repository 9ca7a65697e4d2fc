import { resolve } from 'node:path';
import type { BuildFiles } from '../../../src/adapters/docker/build-context.ts';
import { DockerClient } from '../../../src/adapters/docker/docker-client.ts';
import { prepareImage } from '../../../src/adapters/docker/prepare-image.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { ImageRole } from '../../../src/ports/host-upkeep.ts';
import { baseImageName, importBaseImage } from './base-image.ts';
import { agentTo, type DockerEngine, startDockerEngine } from './docker-engine.ts';

/** What tests of remote hosts share: a real Docker engine that has the worker's image. */
export interface LabFacts {
  readonly dockerSocket: string;
  /** Built from the project's own Dockerfile, by the project's own code, on the base below. */
  readonly image: string;
  readonly baseImage: string;
}

const image = 'cosmos-upsampler:lab';
const projectRoot = resolve(import.meta.dirname, '../../..');

/** Files that images are built from; the bundle comes from the build. */
export const buildFiles = {
  upsampler: buildFilesOf('upsampler'),
  upscaler: buildFilesOf('upscaler'),
  inference: buildFilesOf('inference'),
};

/** Starts an engine and builds the image in it. */
export async function startLab(): Promise<{ readonly facts: LabFacts; readonly engine: DockerEngine }> {
  const engine = await startDockerEngine();
  try {
    await prepareLab(engine.socketPath);
    return { engine, facts: { dockerSocket: engine.socketPath, image, baseImage: baseImageName } };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** Gives an engine the image. */
export async function prepareLab(socketPath: string): Promise<void> {
  await importBaseImage(socketPath);
  const client = clientOf(socketPath);
  const request = { role: 'upsampler', name: image, baseImage: baseImageName } as const;
  const files = buildFiles.upsampler;
  await prepareImage(
    { client, image: request, files, isForced: false },
    () => undefined,
    new AbortController().signal,
  );
}

function buildFilesOf(role: ImageRole): BuildFiles {
  return {
    dockerfile: resolve(projectRoot, `docker/${role}/Dockerfile`),
    workerBundle: resolve(projectRoot, 'dist/worker.mjs'),
  };
}

/** A client of an engine on this machine. */
export function clientOf(socketPath: string): DockerClient {
  const agent = agentTo(socketPath);
  return new DockerClient({ agent, socketPath, hostName: 'lab', clock: systemClock, random01: Math.random });
}
