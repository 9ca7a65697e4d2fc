/**
 * Writes `dist/worker.mjs`, or the file named as argument: the worker program and every package it uses in one
 * file, which runs on any Node from 22 on with nothing beside it. It is what travels into the image of a host.
 */
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { httpModule } from './bundle-plugins.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Vitest calls this before the tests, so that they start the worker of the present sources. */
export default async function bundleWorker(): Promise<void> {
  await bundle(join(root, 'dist/worker.mjs'));
}

async function bundle(file: string): Promise<void> {
  // Whoever starts it meanwhile gets the one before.
  const making = `${file}.${process.pid}`;
  await build({
    input: join(root, 'src/worker/main.ts'),
    platform: 'node',
    plugins: [httpModule],
    // Native, and only in images that upscale with a model.
    external: ['onnxruntime-node'],
    tsconfig: join(root, 'tsconfig.json'),
    // fluent-ffmpeg can load an instrumented copy of itself, which is not in its package.
    transform: { target: 'node22', define: { 'process.env.FLUENTFFMPEG_COV': 'undefined' } },
    onLog(level, log, report) {
      // Whatever the bundle would lack when it runs is an error now.
      report(level === 'warn' ? 'error' : level, log);
    },
    output: {
      file: making,
      format: 'esm',
      codeSplitting: false,
      comments: { legal: true, annotation: false, jsdoc: false },
    },
  });
  await rename(making, file);
}

if (import.meta.main) await bundle(resolve(process.argv[2] ?? join(root, 'dist/worker.mjs')));
