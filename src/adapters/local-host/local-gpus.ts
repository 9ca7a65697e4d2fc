import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gpuQuery, parseGpus } from '../../core/upkeep/parse-gpus.ts';
import type { GpuFacts } from '../../ports/host-upkeep.ts';

const runFile = promisify(execFile);

/** How long nvidia-smi may take, in milliseconds: it wakes sleeping GPUs. */
const timeoutMs = 10_000;

/** The GPUs of this machine; none where nvidia-smi is not there or does not answer. */
export async function localGpus(): Promise<GpuFacts[]> {
  try {
    const options = { timeout: timeoutMs, windowsHide: true };
    const { stdout } = await runFile('nvidia-smi', [...gpuQuery], options);
    return parseGpus(stdout);
  } catch {
    return [];
  }
}
