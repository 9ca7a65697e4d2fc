import { buffer } from 'node:stream/consumers';
import { gpuQuery, parseGpus } from '../../core/upkeep/parse-gpus.ts';
import type { GpuFacts } from '../../ports/host-upkeep.ts';
import type { DockerClient } from './docker-client.ts';
import { demultiplex } from './multiplexed.ts';

const query = ['nvidia-smi', ...gpuQuery];

/**
 * The GPUs that a running container sees. Empty where nvidia-smi is missing or does not answer: facts for people
 * must not fail what is asked for.
 */
export async function queryGpus(client: DockerClient, container: string): Promise<GpuFacts[]> {
  try {
    const bytes = await client.call(
      async (docker) => {
        const exec = await docker
          .getContainer(container)
          .exec({ Cmd: query, AttachStdout: true, AttachStderr: true });
        return await buffer(await exec.start({ Detach: false, Tty: false }));
      },
      { silenceMs: 10_000, retryForMs: 0 },
    );
    return parseGpus(demultiplex(bytes).stdout);
  } catch {
    return [];
  }
}
