import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '../../errors/app-error.ts';
import { tarOf } from './tar.ts';

/** Where the files of a build lie on this machine. */
export interface BuildFiles {
  /** The image's own: `docker/upsampler/Dockerfile` or `docker/upscaler/Dockerfile`. */
  readonly dockerfile: string;
  /** `dist/worker.mjs`. */
  readonly workerBundle: string;
}

/** What is sent to the Docker daemon, and how its image is recognised later. */
export interface BuildContext {
  readonly archive: Buffer;
  /** Hash of the files and of the base image's name, hexadecimal. */
  readonly contentHash: string;
}

/** @throws AppError `prerequisite-missing` when the worker's bundle has not been built. */
export async function readBuildContext(files: BuildFiles, baseImage: string): Promise<BuildContext> {
  const [dockerfile, worker] = await Promise.all([
    readBuildFile(files.dockerfile),
    readBuildFile(files.workerBundle),
  ]);
  const hash = createHash('sha256');
  for (const content of [dockerfile, worker, Buffer.from(baseImage)])
    hash.update(`${content.length}\n`).update(content);
  const archive = tarOf([
    { name: 'Dockerfile', content: dockerfile },
    { name: 'worker.mjs', content: worker },
  ]);
  return { archive, contentHash: hash.digest('hex') };
}

async function readBuildFile(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: unknown) => {
    throw new AppError({
      code: 'prerequisite-missing',
      message: `${path} is missing, which the image is built from.`,
      nextStep: 'Run scripts/setup, or npm run build.',
      cause,
    });
  });
}
