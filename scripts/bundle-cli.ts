/**
 * Writes the program into `dist/`: one file for each command, and what they share in a few more, so that a start reads
 * some files instead of hundreds; oclif, which the commands and `bin/run.js` share, as one more. Packages that load native code, or files of their own, stay packages.
 */
import { cpSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { bundledOclif, httpModule, packedVocabulary } from './bundle-plugins.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const commands = globSync('commands/**/*.ts', { cwd: join(root, 'src'), exclude: ['commands/shared/**'] });
const hooks = ['command-not-found', 'write-bash-completion', 'help'].map(
  (name) => `commands/shared/${name}.ts`,
);

// It reads its own package.json one folder above its files.
const oclif = join(root, 'node_modules/@oclif/core');
for (const name of ['package.json', 'LICENSE']) cpSync(join(oclif, name), join(root, 'dist/oclif', name));
await build({
  input: join(oclif, 'lib/index.js'),
  platform: 'node',
  // It imports this one on Windows alone.
  external: ['wsl-utils'],
  output: {
    file: join(root, 'dist/oclif/lib/index.cjs'),
    format: 'cjs',
    codeSplitting: false,
    keepNames: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

await build({
  input: Object.fromEntries(
    [...commands, ...hooks].map((path) => [path.replace(/\.ts$/, ''), join(root, 'src', path)]),
  ),
  platform: 'node',
  plugins: [bundledOclif, httpModule, packedVocabulary],
  external: [
    /^@oclif\/(?!core$)/,
    /^ssh2/,
    'bullmq',
    'ioredis',
    'dockerode',
    'fluent-ffmpeg',
    'onnxruntime-node',
  ],
  tsconfig: join(root, 'tsconfig.json'),
  transform: { target: 'node22' },
  onLog(level, log, report) {
    // Whatever the program would lack when it runs is an error now.
    report(level === 'warn' ? 'error' : level, log);
  },
  output: {
    dir: join(root, 'dist'),
    format: 'esm',
    entryFileNames: '[name].js',
    // Beside `worker.mjs`: paths from there to other files of the package are the same as from the sources.
    chunkFileNames: '[name]-[hash].js',
    keepNames: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

// As dependencies they would bring TensorFlow.js along, which they name as a peer.
for (const name of ['esrgan-slim', 'esrgan-medium'])
  for (const part of ['LICENSE', 'package.json', 'models']) {
    const path = join('@upscalerjs', name, part);
    cpSync(join(root, 'node_modules', path), join(root, 'dist/networks', path), { recursive: true });
  }
