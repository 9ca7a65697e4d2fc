import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BuildFiles } from '../../../src/adapters/docker/build-context.ts';
import { DockerClient } from '../../../src/adapters/docker/docker-client.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { baseImageName, importBaseImage } from './base-image.ts';
import { agentTo, type DockerEngine, startDockerEngine } from './docker-engine.ts';
import { guard, unguard } from './watchdog.ts';

/** An engine of its own with the base image, and a client of it, for tests that restart it or that break images. */
export interface DockerLab {
  readonly engine: DockerEngine;
  readonly client: DockerClient;
  readonly baseImage: string;
  /** An empty folder that everybody may read. */
  readonly folder: string;
  /** The project's Dockerfile with a worker of the test's own. */
  writeBuild(
    name: string,
    parts?: { readonly worker?: string; readonly dockerfile?: string },
  ): Promise<BuildFiles>;
  /** Ends the engine and removes all files. */
  stop(): Promise<void>;
}

/** The project's Dockerfile. */
const dockerfile = resolve(import.meta.dirname, '../../../docker/upsampler/Dockerfile');

/** A worker that does nothing until it is told to stop. */
const idleWorker = `
process.on('SIGTERM', () => process.exit(0));
console.log('ready', ...process.argv.slice(2));
setInterval(() => undefined, 1000);
`;

/** Starts an engine for a test file, which has to stop it. */
export async function startDockerLab(): Promise<DockerLab> {
  const engine = await startDockerEngine();
  const agent = agentTo(engine.socketPath);
  const folder = await mkdtemp('/tmp/cdl-');
  guard(folder);
  await chmod(folder, 0o755);
  const stop = async () => {
    agent.destroy();
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
    unguard(folder);
  };
  await importBaseImage(engine.socketPath).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const client = new DockerClient({
    agent,
    hostName: 'gpu1',
    socketPath: engine.socketPath,
    clock: systemClock,
    random01: Math.random,
  });
  return {
    engine,
    client,
    baseImage: baseImageName,
    folder,
    stop,
    writeBuild: async (name, parts = {}) => {
      const worker = join(folder, `${name}.mjs`);
      await writeFile(worker, parts.worker ?? idleWorker);
      if (parts.dockerfile === undefined) return { dockerfile, workerBundle: worker };
      const own = join(folder, `${name}.Dockerfile`);
      await writeFile(own, parts.dockerfile);
      return { dockerfile: own, workerBundle: worker };
    },
  };
}
