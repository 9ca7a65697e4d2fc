import { setTimeout as delay } from 'node:timers/promises';
import { AppError, type MissingImage } from '../../errors/app-error.ts';
import type { GpuFacts } from '../../ports/host-upkeep.ts';
import type { ContainerInspection } from './answers.ts';
import { asContainerError } from './container-errors.ts';
import {
  labels,
  type SlotContainerSettings,
  type SlotContainerSpec,
  slotContainerName,
  slotContainerSpec,
} from './container-spec.ts';
import {
  createContainer,
  inspectContainer,
  killContainer,
  queryGpus,
  readLog,
  removeContainer,
  startContainer,
  stopContainer,
} from './containers.ts';
import type { DockerClient } from './docker-client.ts';
import { dockerReason, statusOf } from './docker-errors.ts';
import { findImage } from './images.ts';

/** How long starting a container may take while other clients change it as well, in milliseconds. */
const startTimeoutMs = 180_000;

/** Pause between two queries of a container that another client changes, in milliseconds. */
const pollMs = 100;

/** How often a container that ends right after its start is started again. */
const maxStarts = 3;

interface ContainerState {
  /** `foreign`: other settings, another image or another program made it. */
  readonly state: 'absent' | 'stopped' | 'starting' | 'running' | 'foreign';
  /** Of its last end; null while it runs, or when it was never started. */
  readonly exitCode: number | null;
}

interface SlotContainerDeps {
  readonly client: DockerClient;
  /** Name of the image, which has to be there … */
  readonly image: string;
  /** … and what a person does where it is not, or the program for them. */
  readonly imageNextStep: string;
  readonly missingImage: MissingImage;
  readonly settings: Omit<SlotContainerSettings, 'imageId'>;
  /** Why no container may be made or started with these settings; null where one may. */
  readonly refusal?: AppError | null;
  /** The run for which a running container that does not match may not be ended; null when there is none. */
  readonly busyRun: () => Promise<string | null>;
}

/** The one container of a slot. Every call may be repeated, and several clients may do so at once. */
export class SlotContainer {
  readonly name: string;
  readonly #deps: SlotContainerDeps;

  constructor(deps: SlotContainerDeps) {
    this.#deps = deps;
    this.name = slotContainerName(deps.settings.rootPath, deps.settings.slotId);
  }

  /**
   * Adopts the container when it matches and runs, starts it when it matches, and makes or replaces it otherwise.
   *
   * @throws AppError `image-missing`; `host-busy` when one that does not match is at work; `host-refused` when
   *   another program's container has the name; `prerequisite-missing`, `config-invalid`, `disk-full`, `image-failed` and
   *   `worker-failed` when it cannot be started; the refusal that it was given.
   */
  async ensureRunning(signal?: AbortSignal): Promise<{ readonly isStarted: boolean }> {
    if (this.#deps.refusal) throw this.#deps.refusal;
    const spec = await this.#spec(signal);
    const deadlineMs = performance.now() + startTimeoutMs;
    for (let starts = 0; performance.now() < deadlineMs; ) {
      signal?.throwIfAborted();
      const found = await this.#inspect(signal);
      const action = nextAction(found, spec);
      if (action === 'use') return { isStarted: starts > 0 };
      if (action === 'wait') await delay(pollMs, undefined, signal ? { signal } : {});
      else if (action === 'create') await this.#create(spec, signal);
      else if (action === 'replace') await this.#replace(found);
      else if (starts++ < maxStarts) await this.#start(signal);
      else break;
    }
    throw await this.explain();
  }

  /** @throws AppError of connecting. */
  async state(): Promise<ContainerState> {
    const { client, image, settings } = this.#deps;
    const [found, present] = await Promise.all([this.#inspect(), findImage(client, image)]);
    if (!found) return { state: 'absent', exitCode: null };
    const { Running, Restarting, ExitCode } = found.State;
    const isMatching =
      present !== null && matches(found, slotContainerSpec({ ...settings, imageId: present.id }));
    const life = Restarting ? 'starting' : Running ? 'running' : 'stopped';
    return { state: isMatching ? life : 'foreign', exitCode: Running ? null : ExitCode };
  }

  async kill(): Promise<void> {
    await killContainer(this.#deps.client, this.name);
  }

  /**
   * Why it does not run, or does not answer: its exit code and its last lines, as an AppError `worker-failed`;
   * `host-busy` when another client put its own container in this place.
   */
  async explain(): Promise<AppError> {
    const { state, exitCode } = await this.state();
    if (state === 'foreign') return this.#busy('another client has just made it');
    const lines = (await readLog(this.#deps.client, this.name, 10)).trim();
    const how =
      exitCode === null
        ? `is ${state}, but does not answer`
        : `does not stay up; its last exit code is ${exitCode}`;
    return new AppError({
      code: 'worker-failed',
      message: `${this.#deps.client.daemon.hostName}: the container ${this.name} ${how}.`,
      nextStep: lines === '' ? 'It has written nothing.' : `Its last lines are:\n${lines}`,
    });
  }

  /** Its GPUs with the host's numbers for them; empty where there are none, or when it does not run. */
  async gpus(): Promise<readonly GpuFacts[]> {
    const { client, settings } = this.#deps;
    if (settings.gpuIds.length === 0) return [];
    // A container counts its own GPUs from 0, in the host's order.
    const hostIndexes = settings.gpuIds.map(Number).sort((a, b) => a - b);
    const seen = await queryGpus(client, this.name);
    return seen.map((gpu) => {
      const index = hostIndexes[gpu.index];
      return index === undefined || Number.isNaN(index) ? gpu : { ...gpu, index };
    });
  }

  async #inspect(signal?: AbortSignal): Promise<ContainerInspection | null> {
    return await inspectContainer(this.#deps.client, this.name, { signal });
  }

  async #spec(signal?: AbortSignal): Promise<SlotContainerSpec> {
    const { client, image, settings } = this.#deps;
    const present = await findImage(client, image, { signal });
    if (!present) throw this.#imageMissing();
    return slotContainerSpec({ ...settings, imageId: present.id });
  }

  async #create(spec: SlotContainerSpec, signal?: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    try {
      const outcome = await createContainer(client, this.name, spec.options, { signal });
      if (outcome === 'image-missing') throw this.#imageMissing();
    } catch (error) {
      throw statusOf(error) === null ? error : asContainerError(error, this.name, client.daemon.hostName);
    }
  }

  /**
   * A daemon that was killed may leave a container's processes behind, and cannot start that container again. A new
   * container in its place can start; the slot's socket shows whether the old processes still work.
   */
  async #start(signal?: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    try {
      await startContainer(client, this.name, { signal });
    } catch (error) {
      if (statusOf(error) === null) throw error;
      if (!/already (in use|exists)/i.test(dockerReason(error)))
        throw asContainerError(error, this.name, client.daemon.hostName);
      await removeContainer(client, this.name);
    }
  }

  async #replace(found: ContainerInspection | null): Promise<void> {
    const { client, busyRun, settings } = this.#deps;
    if (found && found.Config.Labels[labels.root] !== settings.rootPath)
      throw new AppError({
        code: 'host-refused',
        message: `${client.daemon.hostName}: a container called ${this.name} exists, but it belongs to another root folder.`,
        nextStep: `Remove it there if it is not needed: docker rm -f ${this.name}`,
      });
    const runId = found?.State.Running ? await busyRun() : null;
    if (runId !== null) throw this.#busy(`run ${runId} needs it`, runId);
    // By its id: another client may have given the name to a new container meanwhile.
    if (found?.State.Running) await stopContainer(client, found.Id, 30);
    if (found) await removeContainer(client, found.Id);
  }

  #imageMissing(): AppError {
    const { client, image, imageNextStep, missingImage } = this.#deps;
    return new AppError({
      code: 'image-missing',
      message: `${client.daemon.hostName} does not have the image ${image}.`,
      nextStep: imageNextStep,
      missingImage,
    });
  }

  #busy(why: string, runId = 'RUN'): AppError {
    const { hostName } = this.#deps.client.daemon;
    return new AppError({
      code: 'host-busy',
      message: `${hostName}: the container ${this.name} has other settings or another version, and ${why}.`,
      nextStep: `Wait until that run is done, or end it with: cosmos cancel ${runId}`,
      isRetryable: true,
    });
  }
}

type Action = 'use' | 'wait' | 'create' | 'start' | 'replace';

/** What brings the container closer to running as it should. */
function nextAction(found: ContainerInspection | null, spec: SlotContainerSpec): Action {
  if (!found) return 'create';
  const { Status, Running, Restarting, Dead } = found.State;
  if (Status === 'removing') return 'wait';
  if (Dead || !matches(found, spec)) return 'replace';
  if (Restarting) return 'wait';
  return Running ? 'use' : 'start';
}

/** The label says it all: image, mounts, GPUs and command are in the hash. */
function matches(found: ContainerInspection, spec: SlotContainerSpec): boolean {
  return found.Config.Labels[labels.spec] === spec.specHash && found.Config.Labels[labels.root] !== undefined;
}
