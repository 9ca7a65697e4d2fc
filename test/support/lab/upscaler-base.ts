import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { LabFacts } from './lab.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');

/** What ONNX Runtime needs when it runs; the rest of its packages is for other systems, and for its installation. */
const runtimeParts = [
  ...['onnxruntime-common/package.json', 'onnxruntime-common/dist'],
  ...['onnxruntime-node/package.json', 'onnxruntime-node/dist'],
  `onnxruntime-node/bin/napi-v6/linux/${process.arch}`,
].map((path) => join('node_modules', path));

/** Writes an archive with this machine's own ONNX Runtime, as `docker/upscaler/Dockerfile` takes it. */
export async function writeRuntimeArchive(path: string): Promise<void> {
  await run('tar', ['-C', root, '-cf', path, ...runtimeParts]);
}

/**
 * Makes a base that has Node, ffmpeg and ONNX Runtime, so that the upscaler's image is built on it without a network.
 *
 * @returns its name.
 */
export async function makeUpscalerBase(lab: LabFacts): Promise<string> {
  const name = 'cosmos-lab-upscaler-base:1';
  const folder = await mkdtemp('/tmp/cub-');
  try {
    await writeRuntimeArchive(join(folder, 'onnxruntime.tar'));
    await writeFile(join(folder, 'Dockerfile'), `FROM ${lab.baseImage}\nADD onnxruntime.tar /opt/cosmos/\n`);
    await run('docker', ['-H', `unix://${lab.dockerSocket}`, ...['build', '--quiet', '--tag', name, folder]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return name;
}
