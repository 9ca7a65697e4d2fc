import type { HostSettings, Settings } from '../../core/settings/settings-schema.ts';
import type { HostRunOptions } from '../../ports/host.ts';
import type { DockerClient } from '../docker/docker-client.ts';
import { engineFacts } from '../docker/engine-facts.ts';
import { SlotContainer } from '../docker/slot-container.ts';
import { gpusOfSlot } from '../docker/slot-gpus.ts';
import type { RemoteMachine } from './remote-machine.ts';
import type { RemoteRoot } from './remote-root.ts';
import type { SlotApi } from './slot-api.ts';
import type { WorkerContainer } from './start-slot.ts';
import { whyKept } from './why-kept.ts';

/** What the settings say about a host's containers. */
export interface ContainerSettings {
  readonly settings: HostSettings;
  readonly docker: Settings['upsampling']['docker'];
}

/** Who a container's program runs as. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The containers of a run's slots, in order, none of them touched yet. A run that needs no GPU adopts a container that
 * has some rather than replace it.
 *
 * @throws AppError `config-invalid` when there are fewer GPUs than the slots take.
 */
export async function slotContainersOf(
  machine: RemoteMachine,
  root: RemoteRoot,
  parts: ContainerSettings,
  options: HostRunOptions,
): Promise<WorkerContainer[]> {
  const modelsDir = await machine.modelsDir();
  const user = await userOf(machine.docker, root);
  const slotIds = Array.from({ length: options.workers }, (_, slotId) => slotId);
  return await Promise.all(
    slotIds.map(async (slotId) => {
      const slot = await machine.slotApi(slotId);
      const make = (gpuIds: readonly string[]) =>
        asWorkerContainer(
          slotContainer(machine.docker, root.path, { slotId, user, gpuIds, modelsDir }, parts, slot),
        );
      if (options.servesModel === true) return make(gpusFor(slotId, parts, options.workers));
      const gpuIds = gpusIfAny(slotId, parts, options.workers);
      const equipped = make(gpuIds);
      return gpuIds.length > 0 && (await equipped.life()) === 'running' ? equipped : make([]);
    }),
  );
}

/** One slot's container with everything that the settings say. */
export function slotContainer(
  client: DockerClient,
  rootPath: string,
  place: {
    readonly slotId: number;
    readonly user: ContainerUser;
    readonly gpuIds: readonly string[];
    /** Absolute path on the host. */
    readonly modelsDir: string | null;
  },
  { settings }: ContainerSettings,
  slot: SlotApi,
): SlotContainer {
  const { slotId, user, gpuIds, modelsDir } = place;
  return new SlotContainer({
    client,
    image: settings.image,
    settings: {
      rootPath,
      slotId,
      user,
      gpuIds,
      network: settings.network,
      modelsDir,
      idleTimeoutMs: Math.round(settings.idle_timeout_s * 1000),
    },
    whyKept: () => whyKept(slot),
  });
}

/** GPUs of a slot. @throws AppError `config-invalid` when there are too few. */
export function gpusFor(
  slotId: number,
  { settings, docker }: ContainerSettings,
  workers: number,
): readonly string[] {
  const { num_gpu: numGpu, cuda_devices: cudaDevices } = docker;
  return gpusOfSlot({ gpus: settings.gpus, numGpu, cudaDevices, workers }, slotId);
}

/** GPUs of a slot; none where there are too few for all. */
export function gpusIfAny(slotId: number, parts: ContainerSettings, workers: number): readonly string[] {
  try {
    return gpusFor(slotId, parts, workers);
  } catch {
    // Too few of them: no container with GPUs can be there.
    return [];
  }
}

function asWorkerContainer(container: SlotContainer): WorkerContainer {
  return {
    name: container.name,
    ensureRunning: (signal) => container.ensureRunning(signal),
    life: async () => {
      const { state } = await container.state();
      if (state === 'foreign') return 'foreign';
      return state === 'running' || state === 'starting' ? 'running' : 'ended';
    },
    explain: () => container.explain(),
    kill: () => container.kill(),
  };
}

/** Under a rootless engine, root in a container is the user whom the engine belongs to. */
export async function userOf(client: DockerClient, owner: ContainerUser): Promise<ContainerUser> {
  const { isRootless } = await engineFacts(client);
  return isRootless ? { uid: 0, gid: 0 } : { uid: owner.uid, gid: owner.gid };
}
