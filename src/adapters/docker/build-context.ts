import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '../../errors/app-error.ts';

interface TarEntry {
  /** Plain name or path, at most 100 bytes of ASCII. */
  readonly name: string;
  readonly content: Buffer;
}

const blockBytes = 512;

/** Where the files of a build lie on this machine. */
export interface BuildFiles {
  /** The image's own: `docker/upsampler/Dockerfile` and the like. */
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

/**
 * A tar archive (POSIX ustar) of a few small files, readable by all users and owned by root. The same files give
 * the same bytes, whenever and wherever it is made.
 */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content }) => [
    headerOf(name, content.length),
    content,
    Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function headerOf(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const put = (text: string, offset: number) => header.write(text, offset, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(name, 0);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(sizeBytes, 11), 124);
  put(octal(0, 11), 136);
  // The sum counts its own field as spaces.
  put(' '.repeat(8), 148);
  put('0', 156);
  put('ustar\0', 257);
  put('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
