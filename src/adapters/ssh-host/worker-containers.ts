import type { HostSettings, Settings } from '../../core/settings/settings-schema.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { type DaemonFacts, daemonFacts } from '../docker/daemon-facts.ts';
import { SlotContainer } from '../docker/slot-container.ts';
import { gpusOfSlot } from '../docker/slot-gpus.ts';
import { imageRoles, prepareCommand, workerImageOf } from '../docker/worker-images.ts';
import type { RemoteMachine } from './remote-machine.ts';
import type { SlotApi } from './slot-api.ts';
import { whyKept } from './why-kept.ts';

/** What the settings say about a host's containers. */
export interface ContainerSettings {
  readonly settings: HostSettings;
  readonly docker: Settings['upsampling']['docker'];
}

/** Who a container's program runs as. */
interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

/** What one container has that another of the same slot may not have. */
export interface Equipment {
  readonly role: ImageRole;
  readonly gpuIds: readonly string[];
  /** What a person does where the image is missing; how to make it unless told. */
  readonly imageHint?: string;
}

/** The places for containers on a host, as its engine and the settings are now. */
export class ContainerPlaces {
  readonly engine: DaemonFacts;
  readonly #machine: RemoteMachine;
  readonly #parts: ContainerSettings;
  readonly #rootPath: string;
  readonly #user: ContainerUser;
  readonly #modelsDir: string | null;

  private constructor(
    machine: RemoteMachine,
    parts: ContainerSettings,
    facts: { engine: DaemonFacts; rootPath: string; user: ContainerUser; modelsDir: string | null },
  ) {
    this.#machine = machine;
    this.#parts = parts;
    this.engine = facts.engine;
    this.#rootPath = facts.rootPath;
    this.#user = facts.user;
    this.#modelsDir = facts.modelsDir;
  }

  /** @param owner - Of the host's root folder. */
  static async on(
    machine: RemoteMachine,
    parts: ContainerSettings,
    owner: ContainerUser,
  ): Promise<ContainerPlaces> {
    const [engine, rootPath, modelsDir] = await Promise.all([
      daemonFacts(machine.docker),
      machine.root(),
      machine.modelsDir(),
    ]);
    // Under a rootless engine, root in a container is the user whom the engine belongs to.
    const user = engine.isRootless ? { uid: 0, gid: 0 } : { uid: owner.uid, gid: owner.gid };
    return new ContainerPlaces(machine, parts, { engine, rootPath, user, modelsDir });
  }

  /** The container of a slot as it would be with this equipment; nothing is touched yet. */
  container(slotId: number, slot: SlotApi, { role, gpuIds, imageHint }: Equipment): SlotContainer {
    const { settings } = this.#parts;
    return new SlotContainer({
      client: this.#machine.docker,
      image: workerImageOf(settings, role).name,
      imageHint: imageHint ?? prepareCommand(this.#machine.name, role),
      settings: {
        rootPath: this.#rootPath,
        slotId,
        user: this.#user,
        gpuIds,
        network: settings.network,
        modelsDir: this.#modelsDir,
        idleTimeoutMs: Math.round(settings.idle_timeout_s * 1000),
      },
      whyKept: () => whyKept(slot),
    });
  }

  /** Every container that runs with these settings may have made for a slot. */
  possible(slotId: number, slot: SlotApi, workers: number): readonly SlotContainer[] {
    const gpuIds = gpusIfAny(slotId, this.#parts, workers);
    const choices = gpuIds.length > 0 ? [gpuIds, []] : [[]];
    return imageRoles.flatMap((role) =>
      choices.map((chosen) => this.container(slotId, slot, { role, gpuIds: chosen })),
    );
  }
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
function gpusIfAny(slotId: number, parts: ContainerSettings, workers: number): readonly string[] {
  try {
    return gpusFor(slotId, parts, workers);
  } catch {
    // Too few of them: no container with GPUs can be there.
    return [];
  }
}
