import { AppError } from '../../errors/app-error.ts';
import type { HostRunOptions, WorkerNeeds } from '../../ports/host.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import type { ModelProgramSettings, Weights } from '../docker/container-spec.ts';
import { type DaemonFacts, daemonFacts } from '../docker/daemon-facts.ts';
import { findImage, imageRoles, prepareCommand, workerImageOf } from '../docker/images.ts';
import { SlotContainer } from '../docker/slot-container.ts';
import type { RemoteMachine, RemoteWeights } from './remote-machine.ts';
import type { RootOwner } from './remote-root.ts';

interface GpuSettings {
  /** `[hosts.NAME] gpus`: `none`, `all`, or a list such as `0,1`. */
  readonly gpus: string;
  readonly numGpu: number;
  /** `[upsampling.docker] cuda_devices`: which ones, where `gpus` says `all`. */
  readonly cudaDevices: string;
  readonly workers: number;
}

/** The image that has what a run needs. */
const roles: Readonly<Record<Exclude<WorkerNeeds, 'nothing'>, ImageRole>> = {
  'model-server': 'upsampler',
  'onnx-runtime': 'upscaler',
  'inference-model': 'inference',
};

/** What one container has that another container of the same slot may lack. */
interface Equipment {
  readonly role: ImageRole;
  readonly gpuIds: readonly string[];
  /** What a person does where the image is missing; left out: how to make it. */
  readonly imageNextStep?: string;
  /** The image to make there then; left out: that of the role. */
  readonly missingRole?: ImageRole;
}

interface CommonFacts {
  readonly daemon: DaemonFacts;
  readonly rootPath: string;
  readonly models: RemoteWeights | null;
  /** For containers of the role `inference`. */
  readonly modelProgram: Omit<ModelProgramSettings, 'checkpoints'> & {
    readonly checkpoints: RemoteWeights | null;
  };
  readonly user: RootOwner;
}

/** The containers that a host's settings ask for, as its Docker daemon is set up now. Nothing is changed on the host. */
export class WorkerContainers {
  readonly #machine: RemoteMachine;
  readonly #common: CommonFacts;

  private constructor(machine: RemoteMachine, common: CommonFacts) {
    this.#machine = machine;
    this.#common = common;
  }

  /** @param owner - Of the host's root folder. */
  static async on(machine: RemoteMachine, owner: RootOwner): Promise<WorkerContainers> {
    const [daemon, rootPath, models, checkpoints] = await Promise.all([
      daemonFacts(machine.docker),
      machine.root(),
      machine.models(),
      machine.checkpoints(),
    ]);
    const shmSizeBytes = Math.round(machine.options.inference.shm_size_gb * 1024 ** 3);
    const modelProgram = { shmSizeBytes, checkpoints };
    // Under a rootless daemon, root in a container is the user whom the daemon belongs to.
    const user = daemon.isRootless ? { uid: 0, gid: 0 } : { uid: owner.uid, gid: owner.gid };
    return new WorkerContainers(machine, { daemon, rootPath, models, modelProgram, user });
  }

  /**
   * The containers of a run's slots, in order.
   *
   * @throws AppError `config-invalid` when there are fewer GPUs than the slots take.
   */
  async forRun({
    workers,
    needs = 'nothing',
    usualImage = 'upsampler',
  }: HostRunOptions): Promise<SlotContainer[]> {
    const slotIds = Array.from({ length: workers }, (_, slotId) => slotId);
    return await Promise.all(
      slotIds.map(async (slotId) => {
        if (needs === 'nothing') return await this.#running(slotId, workers, usualImage);
        const role = roles[needs];
        const gpuIds =
          role === 'upscaler'
            ? this.#gpusIfPresent(slotId, workers)
            : gpusFor(this.#machine, role, slotId, workers);
        return await this.#container(slotId, { role, gpuIds });
      }),
    );
  }

  /** Every container that runs with these settings may have made for a slot. */
  async possible(slotId: number, workers: number): Promise<SlotContainer[]> {
    const equipments = imageRoles.flatMap((role) => {
      const gpuIds = gpusIfEnough(this.#machine, role, slotId, workers);
      return (gpuIds.length > 0 ? [gpuIds, []] : [[]]).map((chosen) => ({ role, gpuIds: chosen }));
    });
    return await Promise.all(equipments.map((equipment) => this.#container(slotId, equipment)));
  }

  async #container(
    slotId: number,
    { role, gpuIds, imageNextStep, missingRole }: Equipment,
  ): Promise<SlotContainer> {
    const { settings } = this.#machine.options;
    const { rootPath, models, modelProgram, user } = this.#common;
    const slot = await this.#machine.slotApi(slotId);
    return new SlotContainer({
      client: this.#machine.docker,
      image: workerImageOf(this.#machine.options, role).name,
      imageNextStep: imageNextStep ?? prepareCommand(this.#machine.name, role),
      missingImage: { host: this.#machine.name, role: missingRole ?? role },
      settings: {
        ...{ rootPath, user, slotId, gpuIds },
        models: weightsOf(models),
        modelProgram:
          role === 'inference' ? { ...modelProgram, checkpoints: weightsOf(modelProgram.checkpoints) } : null,
        network: settings.network,
        idleTimeoutMs: Math.round(settings.idle_timeout_s * 1000),
      },
      refusal: models?.refusal ?? (role === 'inference' ? modelProgram.checkpoints?.refusal : null) ?? null,
      busyRun: () => slot.busyRun(),
    });
  }

  /** For a run that needs nothing: the container that runs in its slot, else one of an image that is there. */
  async #running(slotId: number, workers: number, missingRole: ImageRole): Promise<SlotContainer> {
    const possible = await this.possible(slotId, workers);
    const states = await Promise.all(possible.map((container) => container.state()));
    const running = possible[states.findIndex(({ state }) => state === 'running' || state === 'starting')];
    if (running) return running;
    const { docker, name, options } = this.#machine;
    const images = imageRoles.map((role) => findImage(docker, workerImageOf(options, role).name));
    const present = (await Promise.all(images)).findIndex((image) => image !== null);
    return await this.#container(slotId, {
      role: imageRoles[present] ?? 'upsampler',
      gpuIds: [],
      imageNextStep: `Prepare it with: ${prepareCommand(name, missingRole)}`,
      missingRole,
    });
  }

  /** A model that upscales runs on the processor where there is no GPU: `all` means the GPUs there are. */
  #gpusIfPresent(slotId: number, workers: number): readonly string[] {
    const isWithout = this.#machine.options.settings.gpus === 'all' && !this.#common.daemon.hasNvidiaRuntime;
    return isWithout ? [] : gpusFor(this.#machine, 'upscaler', slotId, workers);
  }
}

function weightsOf(found: RemoteWeights | null): Weights | null {
  return found && { mounts: found.mounts, hub: found.hub };
}

/** GPUs of a slot. @throws AppError `config-invalid` when there are too few. */
export function gpusFor(
  { options }: RemoteMachine,
  role: ImageRole,
  slotId: number,
  workers: number,
): readonly string[] {
  const { cuda_devices: cudaDevices } = options.docker;
  const { num_gpu: numGpu } = role === 'inference' ? options.inference : options.docker;
  return gpusOfSlot({ gpus: options.settings.gpus, numGpu, cudaDevices, workers }, slotId);
}

/** GPUs of a slot; none where there are too few for all slots, because no container can have been made with any then. */
function gpusIfEnough(
  machine: RemoteMachine,
  role: ImageRole,
  slotId: number,
  workers: number,
): readonly string[] {
  try {
    return gpusFor(machine, role, slotId, workers);
  } catch {
    return [];
  }
}

/**
 * The GPUs of one slot, by the numbers (or ids) that nvidia-smi shows on the host: slot n takes the n-th `numGpu` of
 * the host's pool. `all` means `cudaDevices` when that is long enough for all workers, else the first ones there are.
 *
 * @throws AppError `config-invalid` when the pool is too small for all workers.
 */
export function gpusOfSlot(settings: GpuSettings, slotId: number): readonly string[] {
  const { gpus, numGpu, workers } = settings;
  if (gpus === 'none' || numGpu === 0) return [];
  const needed = workers * numGpu;
  const pool = gpus === 'all' ? wholePool(settings.cudaDevices, needed) : listOf(gpus);
  if (pool.length < needed || slotId >= workers)
    throw new AppError({
      code: 'config-invalid',
      message: `${workers} workers with ${numGpu} GPUs each need ${needed} GPUs, but gpus = "${gpus}" names ${pool.length}.`,
      nextStep: 'Lower workers or num_gpu, or name more GPUs in gpus.',
    });
  return pool.slice(slotId * numGpu, (slotId + 1) * numGpu);
}

function wholePool(cudaDevices: string, needed: number): string[] {
  const named = listOf(cudaDevices);
  return named.length >= needed ? named : Array.from({ length: needed }, (_unused, index) => String(index));
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
