import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';

/** Writes the stand-in for `vllm` as one executable file that needs nothing but a `node` on its PATH. */
export async function bundleVllm(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await build({
    input: join(import.meta.dirname, 'bin', 'vllm.js'),
    platform: 'node',
    output: { file: path, format: 'esm', banner: '#!/usr/bin/env node', codeSplitting: false },
  });
  await chmod(path, 0o755);
}
