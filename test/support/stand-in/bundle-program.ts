import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';

/** Writes a program as one executable file that needs nothing but a `node` on its PATH. */
async function bundleProgram(input: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await build({
    input: join(import.meta.dirname, input),
    platform: 'node',
    output: { file: path, format: 'esm', banner: '#!/usr/bin/env node', codeSplitting: false },
  });
  await chmod(path, 0o755);
}

/** The stand-in for `vllm`. */
export async function bundleVllm(path: string): Promise<void> {
  await bundleProgram('bin/vllm.js', path);
}

/** The stand-ins for `python` and `torchrun`, which start the programs of the Cosmos models. */
export async function bundleModelPrograms(folder: string): Promise<void> {
  for (const name of ['python', 'torchrun']) await bundleProgram('bin/model-program.js', join(folder, name));
}
