import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import { AppError } from '../../errors/app-error.ts';
import type { GpuFacts } from '../../ports/host-upkeep.ts';
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
  readLog,
  removeContainer,
  startContainer,
  stopContainer,
} from './containers.ts';
import type { DockerClient } from './docker-client.ts';
import { dockerReason, statusOf } from './docker-errors.ts';
import { queryGpus } from './gpu-query.ts';
import { findImage, imageMissing } from './images.ts';

/** How long making a container run may take with all that others do to it meanwhile, in milliseconds. */
const retryForMs = 180_000;

/** Between two looks at a container that somebody else changes, in milliseconds. */
const lookPauseMs = 100;

/** How often a container that ends right after its start is started again. */
const maxStarts = 3;

/** A slot's container as it is now. */
interface ContainerState {
  /** `foreign`: one that other settings, another image or somebody else made. */
  readonly state: 'absent' | 'stopped' | 'starting' | 'running' | 'foreign';
  /** Of its last end; null while it runs, or when there is none. */
  readonly exitCode: number | null;
  /** When it was started last, ISO 8601; null when it never was. */
  readonly startedAt: string | null;
}

/** What a {@link SlotContainer} is made of. */
export interface SlotContainerDeps {
  readonly client: DockerClient;
  /** Name of the image, which has to be there … */
  readonly image: string;
  /** … and what a person does where it is not. */
  readonly imageHint: string;
  readonly settings: Omit<SlotContainerSettings, 'imageId'>;
  /** Why a running container that does not match may not be ended; null when it has nothing to do, or is deaf. */
  readonly whyKept: () => Promise<KeptContainer | null>;
}

/** Who needs a container that does not match. */
export interface KeptContainer {
  readonly runId: string;
}

/** The one container of a slot. Every call may be repeated, and several clients may do so at once. */
export class SlotContainer {
  readonly name: string;
  readonly #parts: SlotContainerDeps;

  constructor(parts: SlotContainerDeps) {
    this.#parts = parts;
    this.name = slotContainerName(parts.settings.rootPath, parts.settings.slotId);
  }

  /**
   * Adopts the container when it matches and runs, starts it when it matches, and makes it (anew) otherwise.
   *
   * @throws AppError `image-missing`; `host-busy` when one that does not match is at work; `host-refused` when the
   *   name belongs to somebody else; `prerequisite-missing`, `config-invalid`, `disk-full`, `image-failed` and
   *   `worker-failed` when it cannot be started.
   */
  async ensureRunning(signal?: AbortSignal): Promise<{ readonly isStarted: boolean }> {
    const spec = await this.#spec(signal);
    const deadlineMs = performance.now() + retryForMs;
    for (let starts = 0; performance.now() < deadlineMs; ) {
      signal?.throwIfAborted();
      const found = await this.#inspect(signal);
      const next = nextStep(found, spec);
      if (next === 'use') return { isStarted: starts > 0 };
      if (next === 'wait') await delay(lookPauseMs, undefined, signal ? { signal } : {});
      else if (next === 'create') await this.#create(spec, signal);
      else if (next === 'replace') await this.#replace(found);
      else if (starts++ < maxStarts) await this.#start(signal);
      else break;
    }
    throw await this.explain();
  }

  /** How it stands. @throws AppError of connecting. */
  async state(): Promise<ContainerState> {
    const { client, image, settings } = this.#parts;
    const [found, present] = await Promise.all([this.#inspect(), findImage(client, image)]);
    if (!found) return { state: 'absent', exitCode: null, startedAt: null };
    const { Running, Restarting, ExitCode, StartedAt } = found.State;
    const isMatching =
      present !== null && matches(found, slotContainerSpec({ ...settings, imageId: present.id }));
    const life = Restarting ? 'starting' : Running ? 'running' : 'stopped';
    return {
      state: isMatching ? life : 'foreign',
      exitCode: Running ? null : ExitCode,
      startedAt: StartedAt.startsWith('0001-') ? null : StartedAt,
    };
  }

  /** Ends it at once; returns when it does not run any more. */
  async kill(): Promise<void> {
    await killContainer(this.#parts.client, this.name);
  }

  /** Lets its work come to an end for up to `timeoutS` seconds. */
  async stop(timeoutS: number): Promise<void> {
    await stopContainer(this.#parts.client, this.name, timeoutS);
  }

  async remove(): Promise<void> {
    await removeContainer(this.#parts.client, this.name);
  }

  /** The last `tail` lines of its log; empty when there is none. */
  async logs(tail: number): Promise<string> {
    return await readLog(this.#parts.client, this.name, tail);
  }

  /**
   * Why it does not run, or does not answer: its exit code and the last it wrote, as an AppError `worker-failed`;
   * `host-busy` when it is one that somebody else made in its place.
   */
  async explain(): Promise<AppError> {
    const { state, exitCode } = await this.state();
    if (state === 'foreign') return this.#busy('somebody else has just taken it');
    const lines = (await this.logs(10)).trim();
    const how =
      exitCode === null
        ? `is ${state}, but does not answer`
        : `does not stay up; its last exit code is ${exitCode}`;
    return new AppError({
      code: 'worker-failed',
      message: `${this.#parts.client.daemon.hostName}: the container ${this.name} ${how}.`,
      nextStep: lines === '' ? 'It has written nothing.' : `Its last lines are:\n${lines}`,
    });
  }

  /** Its GPUs with the host's numbers for them; empty where there are none, or when it does not run. */
  async gpus(): Promise<readonly GpuFacts[]> {
    const { client, settings } = this.#parts;
    if (settings.gpuIds.length === 0) return [];
    // A container counts its own GPUs from 0, in the host's order.
    const hostIndexes = settings.gpuIds.map(Number).sort((a, b) => a - b);
    const seen = await queryGpus(client, this.name);
    return seen.map((gpu) => {
      const index = hostIndexes[gpu.index];
      return index === undefined || Number.isNaN(index) ? gpu : { ...gpu, index };
    });
  }

  async #inspect(signal?: AbortSignal): Promise<ContainerInspectInfo | null> {
    return await inspectContainer(this.#parts.client, this.name, signal ? { signal } : {});
  }

  async #spec(signal?: AbortSignal): Promise<SlotContainerSpec> {
    const { client, image, settings } = this.#parts;
    const present = await findImage(client, image, signal ? { signal } : {});
    if (!present) throw this.#imageMissing();
    return slotContainerSpec({ ...settings, imageId: present.id });
  }

  async #create(spec: SlotContainerSpec, signal?: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    const outcome = await this.#ask(() =>
      createContainer(client, this.name, spec.options, signal ? { signal } : {}),
    );
    if (outcome === 'image-missing') throw this.#imageMissing();
  }

  /**
   * An engine that was killed may leave a container's processes behind, and cannot start that one again. Another one
   * in its place can be; whether the old processes still work, their slot's socket tells.
   */
  async #start(signal?: AbortSignal): Promise<void> {
    try {
      await startContainer(this.#parts.client, this.name, signal ? { signal } : {});
    } catch (error) {
      if (statusOf(error) === null) throw error;
      if (!/already (in use|exists)/i.test(dockerReason(error)))
        throw asContainerError(error, this.name, this.#parts.client.daemon.hostName);
      await this.remove();
    }
  }

  async #replace(found: ContainerInspectInfo | null): Promise<void> {
    const { client, whyKept } = this.#parts;
    if (found && found.Config.Labels[labels.root] !== this.#parts.settings.rootPath)
      throw new AppError({
        code: 'host-refused',
        message: `${client.daemon.hostName}: a container called ${this.name} is there, and it is not this root's.`,
        nextStep: `Remove it there, if nobody needs it: docker rm -f ${this.name}`,
      });
    const kept = found?.State.Running ? await whyKept() : null;
    if (kept) throw this.#busy(`run ${kept.runId} needs it`, kept.runId);
    // By its id: somebody else may have put a new one under the name meanwhile.
    if (found?.State.Running) await stopContainer(client, found.Id, 30);
    if (found) await removeContainer(client, found.Id);
  }

  #imageMissing(): AppError {
    const { client, image, imageHint } = this.#parts;
    return imageMissing(image, client.daemon.hostName, imageHint);
  }

  #busy(why: string, runId = 'RUN'): AppError {
    const { hostName } = this.#parts.client.daemon;
    return new AppError({
      code: 'host-busy',
      message: `${hostName}: the container ${this.name} has other settings or another version, and ${why}.`,
      nextStep: `Wait until that run is done, or end it with: cosmos cancel ${runId}`,
      isRetryable: true,
    });
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof AppError || !(error instanceof Error) || !('statusCode' in error)) throw error;
      throw asContainerError(error, this.name, this.#parts.client.daemon.hostName);
    }
  }
}

type NextStep = 'use' | 'wait' | 'create' | 'start' | 'replace';

/** What makes the container run as it should, given what the engine shows of it. */
function nextStep(found: ContainerInspectInfo | null, spec: SlotContainerSpec): NextStep {
  if (!found) return 'create';
  const { Status, Running, Restarting, Dead } = found.State;
  if (Status === 'removing') return 'wait';
  if (Dead || !matches(found, spec)) return 'replace';
  if (Restarting) return 'wait';
  return Running ? 'use' : 'start';
}

/** The label says it all: image, mounts, GPUs and command are in the hash. */
function matches(found: ContainerInspectInfo, spec: SlotContainerSpec): boolean {
  return found.Config.Labels[labels.spec] === spec.specHash && found.Config.Labels[labels.root] !== undefined;
}
