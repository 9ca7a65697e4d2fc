import type Dockerode from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';
import { shortened } from '../../core/shortened.ts';
import { gpuQuery, parseGpus } from '../../core/upkeep/parse-gpus.ts';
import type { GpuFacts } from '../../ports/host-upkeep.ts';
import { readStreamAtMost } from '../bounded-stream.ts';
import { answerAs, type ContainerInspection, containerSchema, listedContainersSchema } from './answers.ts';
import { labels } from './container-spec.ts';
import type { CallLimits, DockerClient } from './docker-client.ts';
import { statusOf } from './docker-errors.ts';

/** Starting may wait for GPUs and slow disks, in milliseconds. */
const slowSilenceMs = 120_000;

/** What nvidia-smi says of the GPUs of a host, at the most. */
const maxGpuBytes = 256 * 1024;

/** Slots that a host can have: the path of a slot's socket has room for no larger numbers. */
const mostSlots = 64;

const runningStates: readonly string[] = ['running', 'restarting', 'paused'];

/** A container that cosmos made for a slot of one root folder. */
export interface FoundContainer {
  /** Docker's id, which no other container will ever have. */
  readonly id: string;
  readonly name: string;
  readonly slotId: number;
  /** Whether it has processes, at work or paused. */
  readonly isRunning: boolean;
}

/** A container as the Docker daemon describes it; null when there is none of that name. */
export async function inspectContainer(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<ContainerInspection | null> {
  const found: unknown = await client.find((docker) => docker.getContainer(name).inspect(), limits);
  return found === null ? null : answerAs(containerSchema, found, `the container ${name}`, client.daemon);
}

/** Makes a container. `taken`: one of that name is there already. `image-missing`: the host lacks the image. */
export async function createContainer(
  client: DockerClient,
  name: string,
  options: ContainerCreateOptions,
  limits: CallLimits = {},
): Promise<'created' | 'taken' | 'image-missing'> {
  // Without this division dockerode would put all options into the address as well.
  const request: object = { _query: { name }, _body: options };
  const slow = { silenceMs: slowSilenceMs, ...limits };
  const outcome = await accept(client, [404, 409], (docker) => docker.createContainer(request), slow);
  if (outcome === 404) return 'image-missing';
  return outcome === 409 ? 'taken' : 'created';
}

/** Starts it, unless it runs or is gone by now. @throws dockerode's error when the daemon cannot. */
export async function startContainer(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<void> {
  // 409: another client removes it at this moment.
  const slow = { silenceMs: slowSilenceMs, ...limits };
  await accept(client, [304, 404, 409], (docker) => docker.getContainer(name).start(), slow);
}

/** Asks its program to end, and ends it by force after `timeoutS` seconds. Nothing happens when it does not run. */
export async function stopContainer(client: DockerClient, name: string, timeoutS: number): Promise<void> {
  const limits = { silenceMs: (timeoutS + 30) * 1000 };
  await accept(client, [304, 404], (docker) => docker.getContainer(name).stop({ t: timeoutS }), limits);
}

/** Ends it at once, and waits until it does not run any more. */
export async function killContainer(client: DockerClient, name: string): Promise<void> {
  await accept(client, [404, 409], (docker) => docker.getContainer(name).kill({ signal: 'SIGKILL' }));
  await accept(client, [404], (docker) => docker.getContainer(name).wait({ condition: 'not-running' }));
}

/** Removes it, running or not, with its log; waits for another removal that is under way. */
export async function removeContainer(client: DockerClient, name: string): Promise<void> {
  const outcome = await removeOnce(client, name, true);
  if (outcome === 409)
    await accept(client, [404], (docker) => docker.getContainer(name).wait({ condition: 'removed' }));
}

/** Removes it with its log, unless it runs or is removed already; gives whether it was removed. */
export async function removeEndedContainer(client: DockerClient, id: string): Promise<boolean> {
  return (await removeOnce(client, id, false)) === null;
}

async function removeOnce(client: DockerClient, name: string, force: boolean): Promise<number | null> {
  const remove = (docker: Dockerode) => docker.getContainer(name).remove({ force, v: true });
  return await accept(client, [404, 409], remove, { silenceMs: slowSilenceMs });
}

/** The last `tail` lines that it wrote, both streams in order, each shortened; empty when there is none. */
export async function readLog(client: DockerClient, name: string, tail: number): Promise<string> {
  const bytes = await client.find((docker) =>
    docker.getContainer(name).logs({ stdout: true, stderr: true, tail, follow: false }),
  );
  const lines = Buffer.isBuffer(bytes)
    ? demultiplex(bytes)
        .both.split('\n')
        .slice(-tail - 1)
    : [];
  return lines.map((line) => shortened(line)).join('\n');
}

/** All slot containers of a root folder, also of slots that the settings no longer have. */
export async function listSlotContainers(client: DockerClient, rootPath: string): Promise<FoundContainer[]> {
  const filters = JSON.stringify({ label: [`${labels.root}=${rootPath}`] });
  const answer: unknown = await client.call((docker) => docker.listContainers({ all: true, filters }));
  const found = answerAs(listedContainersSchema, answer, 'its containers', client.daemon);
  return found.flatMap((container) => {
    const slotId = Number(container.Labels[labels.slot] ?? Number.NaN);
    if (!Number.isInteger(slotId) || slotId < 0 || slotId >= mostSlots) return [];
    const name = (container.Names?.[0] ?? container.Id).replace(/^\//, '');
    return [{ id: container.Id, name, slotId, isRunning: runningStates.includes(container.State ?? '') }];
  });
}

/**
 * The GPUs that a running container sees. Empty where nvidia-smi is missing or does not answer: facts for people must
 * not make a command fail.
 */
export async function queryGpus(client: DockerClient, container: string): Promise<GpuFacts[]> {
  const options = { Cmd: ['nvidia-smi', ...gpuQuery], AttachStdout: true, AttachStderr: true };
  try {
    const bytes = await client.call(
      async (docker) => {
        const exec = await docker.getContainer(container).exec(options);
        return await readStreamAtMost(await exec.start({ Detach: false, Tty: false }), maxGpuBytes);
      },
      { silenceMs: 10_000, retryForMs: 0 },
    );
    return parseGpus(demultiplex(bytes).stdout);
  } catch {
    return [];
  }
}

/**
 * The output of a program without a terminal: frames of eight bytes (the stream's number, three zeros, the length as a
 * big-endian number) and the content. A last frame that is cut short is kept.
 *
 * @returns stdout alone, and both streams in the order in which they were written.
 */
export function demultiplex(bytes: Buffer): { readonly stdout: string; readonly both: string } {
  const headerBytes = 8;
  const stdoutNumber = 1;
  const all: Buffer[] = [];
  const stdout: Buffer[] = [];
  for (let offset = 0; offset + headerBytes <= bytes.length; ) {
    const end = offset + headerBytes + bytes.readUInt32BE(offset + 4);
    const content = bytes.subarray(offset + headerBytes, end);
    all.push(content);
    if (bytes[offset] === stdoutNumber) stdout.push(content);
    offset = end;
  }
  return { stdout: Buffer.concat(stdout).toString('utf8'), both: Buffer.concat(all).toString('utf8') };
}

/** Runs a call; an answer with one of these statuses is data: it gives the status, and null for success. */
async function accept(
  client: DockerClient,
  statuses: readonly number[],
  work: (docker: Dockerode) => Promise<unknown>,
  limits: CallLimits = {},
): Promise<number | null> {
  try {
    await client.call(work, limits);
    return null;
  } catch (error) {
    const status = statusOf(error);
    if (status === null || !statuses.includes(status)) throw error;
    return status;
  }
}
