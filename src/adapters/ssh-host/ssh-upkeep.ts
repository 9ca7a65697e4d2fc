import { findUnneeded, type UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type {
  GpuFacts,
  HostFacts,
  HostImage,
  HostUpkeep,
  ImageRole,
  PreparedHost,
  PrepareProgress,
  PruneRules,
  SlotFacts,
  Unneeded,
} from '../../ports/host-upkeep.ts';
import type { BuildFiles } from '../docker/build-context.ts';
import { listSlotContainers } from '../docker/containers.ts';
import { daemonFacts } from '../docker/daemon-facts.ts';
import {
  type DockerLeftover,
  findDockerLeftovers,
  isDockerLeftover,
  removeDockerLeftover,
} from '../docker/docker-leftovers.ts';
import { findImage, imageRoles, refuseMissingBase, workerImageOf } from '../docker/images.ts';
import { prepareImage } from '../docker/prepare-image.ts';
import { SftpRootFiles } from '../sftp/sftp-root-files.ts';
import { FileHostTree } from '../upkeep/file-host-tree.ts';
import { removeUnneeded } from '../upkeep/remove-unneeded.ts';
import { checkSshHost, type HostUse } from './check-host.ts';
import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';
import { makeRoot, workerUserOf } from './remote-root.ts';
import { WorkerContainers } from './worker-containers.ts';

/** How long a slot may take to answer with its status, in milliseconds. */
const statusTimeoutMs = 5_000;

/** How long a host that does not answer is retried, in milliseconds: a person waits. */
const retryForMs = 15_000;

interface SshUpkeepOptions extends RemoteMachineOptions, HostUse {
  readonly buildFiles: Readonly<Record<ImageRole, BuildFiles>>;
}

/** Upkeep of a machine that is reached over SSH and runs Docker. */
export class SshUpkeep implements HostUpkeep {
  readonly name: string;
  readonly #options: SshUpkeepOptions;
  #machine: Promise<RemoteMachine> | null = null;

  constructor(options: SshUpkeepOptions) {
    this.name = options.name;
    this.#options = { ...options, retryForMs: Math.min(retryForMs, options.retryForMs) };
  }

  async prepare(
    { role, isForced }: { readonly role: ImageRole; readonly isForced: boolean },
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedHost> {
    const image = workerImageOf(this.#options, role);
    refuseMissingBase(image);
    const machine = await this.#open();
    // The first call that connects: the host's key is accepted, and the user let in, once it has an answer.
    await machine.root();
    onProgress({ message: `Connected to ${machine.address}`, fraction: null });
    await makeRoot(machine);
    const files = this.#options.buildFiles[role];
    return await prepareImage({ client: machine.docker, image, files, isForced }, onProgress, signal);
  }

  async status(): Promise<HostFacts> {
    const machine = await this.#open();
    const root = await machine.root();
    const [dockerVersion, image, upscalerImage, inferenceImage, disk, slots] = await Promise.all([
      machine.docker.version(),
      this.#image(machine, 'upsampler'),
      this.#image(machine, 'upscaler'),
      this.#image(machine, 'inference'),
      machine.files.step(async (session) => (await session.space(root)) ?? (await session.space('/'))),
      slotFactsOf(machine),
    ]);
    return {
      name: this.name,
      address: machine.address,
      dockerVersion,
      image,
      upscalerImage,
      inferenceImage,
      slots: slots.facts,
      gpus: slots.gpus,
      disk: disk && { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes },
    };
  }

  async findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]> {
    return await this.#find(await this.#open(), rules);
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    const machine = await this.#open();
    const tree = await treeOf(machine, new Set());
    return await removeUnneeded(unneeded, {
      find: () => this.#find(machine, rules),
      remove: async (thing) =>
        isDockerLeftover(thing)
          ? await removeDockerLeftover(machine.docker, thing)
          : await tree.remove(thing),
    });
  }

  async check(): Promise<readonly CheckResult[]> {
    return await checkSshHost(() => this.#open(), this.#options);
  }

  async close(): Promise<void> {
    const machine = await this.#machine?.catch(() => null);
    this.#machine = null;
    await machine?.close();
  }

  async #find(
    machine: RemoteMachine,
    rules: PruneRules,
  ): Promise<readonly (UnneededThing | DockerLeftover)[]> {
    const root = await machine.root();
    const { timeMs: nowMs } = await daemonFacts(machine.docker);
    const { facts } = await slotFactsOf(machine);
    const served = facts.flatMap(({ status }) => (status?.runs ?? []).map(({ run_id: runId }) => runId));
    const tree = await treeOf(machine, new Set(served));
    const images = imageRoles.map((role) => workerImageOf(machine.options, role).name);
    const [inFiles, inDocker] = await Promise.all([
      findUnneeded(tree, { ...rules, nowMs }),
      findDockerLeftovers(machine.docker, { root, images, keepMs: rules.keepMs, nowMs }),
    ]);
    return [...inFiles, ...inDocker];
  }

  async #image(machine: RemoteMachine, role: ImageRole): Promise<HostImage> {
    const { name } = workerImageOf(this.#options, role);
    return { name, isPresent: (await findImage(machine.docker, name)) !== null };
  }

  #open(): Promise<RemoteMachine> {
    this.#machine ??= RemoteMachine.at(this.#options);
    return this.#machine;
  }
}

/** @param served - Runs that a slot of the host works on now. */
async function treeOf(machine: RemoteMachine, served: ReadonlySet<string>): Promise<FileHostTree> {
  return new FileHostTree(new SftpRootFiles(machine.files, await machine.root()), (runId) =>
    served.has(runId),
  );
}

/**
 * The state of a host's slots, and the GPUs that their containers see: slots of the settings, and slots that have a
 * container although the settings no longer name them.
 */
async function slotFactsOf(
  machine: RemoteMachine,
): Promise<{ readonly facts: readonly SlotFacts[]; readonly gpus: readonly GpuFacts[] }> {
  const rootPath = await machine.root();
  const { workers } = machine.options.settings;
  const wanted = Array.from({ length: workers }, (_, slotId) => slotId);
  const found = await listSlotContainers(machine.docker, rootPath);
  const slotIds = [...new Set([...wanted, ...found.map(({ slotId }) => slotId)])].sort((a, b) => a - b);
  const owner = await machine.files.step((session) => session.stat(rootPath));
  const containers = await WorkerContainers.on(machine, workerUserOf(owner));
  const slots = await Promise.all(slotIds.map((slotId) => readSlot(machine, containers, slotId, workers)));
  const gpus = new Map(slots.flatMap((slot) => slot.gpus.map((gpu) => [gpu.index, gpu])));
  return {
    facts: slots.map(({ facts }) => facts),
    gpus: [...gpus.values()].sort((a, b) => a.index - b.index),
  };
}

async function readSlot(
  machine: RemoteMachine,
  containers: WorkerContainers,
  slotId: number,
  workers: number,
) {
  const possible = await containers.possible(slotId, workers);
  const states = await Promise.all(possible.map((container) => container.state()));
  // At most one of the possible containers is there; to the others it is foreign.
  const index = states.findIndex(({ state }) => state !== 'foreign');
  const state = states[index]?.state ?? 'foreign';
  const container = possible[Math.max(0, index)];
  const slot = await machine.slotApi(slotId);
  const status = state === 'absent' || state === 'stopped' ? null : await slot.status(statusTimeoutMs);
  const facts: SlotFacts = { slotId, state, container: container?.name ?? '', status };
  return { facts, gpus: state === 'running' && container ? await container.gpus() : [] };
}
