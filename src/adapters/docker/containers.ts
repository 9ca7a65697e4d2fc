import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import type { CallLimits, DockerClient } from './docker-client.ts';
import { statusOf } from './docker-errors.ts';
import { demultiplex } from './multiplexed.ts';

/** Starting may wait for GPUs and slow disks, in milliseconds. */
const slowSilenceMs = 120_000;

/** A container as the engine sees it; null when there is none of that name. */
export async function inspectContainer(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<ContainerInspectInfo | null> {
  return await client.find((docker) => docker.getContainer(name).inspect(), limits);
}

/** Makes a container. `taken`: one of that name is there already. `image-missing`: the engine lacks the image. */
export async function createContainer(
  client: DockerClient,
  name: string,
  options: ContainerCreateOptions,
  limits: CallLimits = {},
): Promise<'created' | 'taken' | 'image-missing'> {
  // Told apart, because dockerode would otherwise put all options into the address as well.
  const request: object = { _query: { name }, _body: options };
  const outcome = await accept([404, 409], () =>
    client.call((docker) => docker.createContainer(request), { silenceMs: slowSilenceMs, ...limits }),
  );
  if (outcome === 404) return 'image-missing';
  return outcome === 409 ? 'taken' : 'created';
}

/** Starts it, unless it runs or is gone by now. @throws dockerode's error when the engine cannot. */
export async function startContainer(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<void> {
  // 409: somebody removes it at this moment.
  await accept([304, 404, 409], () =>
    client.call((docker) => docker.getContainer(name).start(), { silenceMs: slowSilenceMs, ...limits }),
  );
}

/** Asks its program to end, and ends it by force after `timeoutS` seconds. Nothing happens when it does not run. */
export async function stopContainer(client: DockerClient, name: string, timeoutS: number): Promise<void> {
  await accept([304, 404], () =>
    client.call((docker) => docker.getContainer(name).stop({ t: timeoutS }), {
      silenceMs: (timeoutS + 30) * 1000,
    }),
  );
}

/** Ends it at once, and waits until it does not run any more. */
export async function killContainer(client: DockerClient, name: string): Promise<void> {
  await accept([404, 409], () =>
    client.call((docker) => docker.getContainer(name).kill({ signal: 'SIGKILL' })),
  );
  await accept([404], () =>
    client.call((docker) => docker.getContainer(name).wait({ condition: 'not-running' })),
  );
}

/** Removes it, running or not, with its log; waits for another removal that is under way. */
export async function removeContainer(client: DockerClient, name: string): Promise<void> {
  const outcome = await accept([404, 409], () =>
    client.call((docker) => docker.getContainer(name).remove({ force: true, v: true }), {
      silenceMs: slowSilenceMs,
    }),
  );
  if (outcome === 409)
    await accept([404], () =>
      client.call((docker) => docker.getContainer(name).wait({ condition: 'removed' })),
    );
}

/** Removes it with its log, unless it runs or is removed already; gives whether it was removed. */
export async function removeEndedContainer(client: DockerClient, id: string): Promise<boolean> {
  const outcome = await accept([404, 409], () =>
    client.call((docker) => docker.getContainer(id).remove({ force: false, v: true }), {
      silenceMs: slowSilenceMs,
    }),
  );
  return outcome === null;
}

/** The last `tail` lines that it wrote, both streams in order; empty when there is none. */
export async function readLog(client: DockerClient, name: string, tail: number): Promise<string> {
  const bytes = await client.find((docker) =>
    docker.getContainer(name).logs({ stdout: true, stderr: true, tail, follow: false }),
  );
  return Buffer.isBuffer(bytes) ? demultiplex(bytes).both : '';
}

/** Runs a call; an answer with one of these statuses is data: it gives the status, and null for success. */
async function accept(statuses: readonly number[], call: () => Promise<unknown>): Promise<number | null> {
  try {
    await call();
    return null;
  } catch (error) {
    const status = statusOf(error);
    if (status === null || !statuses.includes(status)) throw error;
    return status;
  }
}
