import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RunWorker } from '../host-run/run-worker.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';
import { type SlotApi, SlotRefusal } from './slot-api.ts';

/** How long a started container's slot may take until it answers, in milliseconds. */
const startTimeoutMs = 60_000;

/** How often a slot that starts is asked whether it answers. */
const pollMs = 50;

/** How often a container may end before its slot answers. */
const maxEndsAtStart = 3;

/** Pause before it is started again, in milliseconds. */
const endPauseMs = 1_000;

/** How long a worker may take to leave after its drain, in milliseconds. */
const leaveTimeoutMs = 5_000;

/** The container of a slot, as far as its worker is concerned. */
export interface WorkerContainer {
  /** For people. */
  readonly name: string;
  /** Adopts, starts or replaces it. @throws AppError when it can be neither. */
  ensureRunning(): Promise<{ readonly isStarted: boolean }>;
  isRunning(): Promise<boolean>;
  /** Why it does not run, or does not answer. */
  explain(): Promise<AppError>;
  /** Returns when it surely does not run any more. */
  kill(): Promise<void>;
}

/** What a {@link SlotWorker} is made of. */
export interface SlotWorkerParts {
  readonly runId: string;
  readonly workerId: number;
  readonly offloadModels: boolean;
  readonly container: WorkerContainer;
  readonly slot: SlotApi;
  /** The run's own API. */
  readonly api: WorkerApi;
  readonly logPlace: string;
  readonly clock: Clock;
}

/** A run's worker in the slot of a container on a host. */
export class SlotWorker implements RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  readonly logPlace: string;
  readonly #parts: SlotWorkerParts;
  /** Whether this process has seen that the container is the one that is wanted. */
  #isContainerChecked = false;

  constructor(parts: SlotWorkerParts) {
    this.#parts = parts;
    this.workerId = parts.workerId;
    this.api = parts.api;
    this.logPlace = parts.logPlace;
  }

  async ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    const isChecked = this.#isContainerChecked;
    if (isChecked && (await this.api.isAnswering())) return { isStarted: false };
    if (!isChecked || !(await this.#parts.slot.isAnswering())) await this.#startSlot();
    this.#isContainerChecked = true;
    if (await this.api.isAnswering()) return { isStarted: false };
    await this.#openRun();
    return { isStarted: true };
  }

  async stop(drainMs: number): Promise<void> {
    try {
      await this.api.post('/shutdown', { drain_ms: drainMs });
    } catch (error) {
      if (error instanceof AppError) throw error;
      // Nobody there who could be asked.
      return;
    }
    const { clock } = this.#parts;
    const deadlineMs = clock.now() + drainMs + leaveTimeoutMs;
    while (await this.api.isAnswering()) {
      if (clock.now() > deadlineMs) throw this.#failed('does not stop');
      await clock.sleep(pollMs);
    }
  }

  async kill(): Promise<void> {
    await this.#parts.container.kill();
    this.#isContainerChecked = false;
  }

  async #startSlot(): Promise<void> {
    const { container, slot, clock } = this.#parts;
    await container.ensureRunning();
    const deadlineMs = clock.now() + startTimeoutMs;
    for (let ends = 0; !(await slot.isAnswering()); ) {
      // One that ends is no reason to give up at once: an engine that is restarted takes its containers with it.
      if (!(await container.isRunning())) {
        ends += 1;
        if (ends > maxEndsAtStart) throw await container.explain();
        await clock.sleep(endPauseMs);
        await container.ensureRunning();
      }
      if (clock.now() > deadlineMs) {
        const why = await container.explain();
        // It runs and is deaf: what holds it up is not known, a fresh one may be well.
        await container.kill();
        throw why;
      }
      await clock.sleep(pollMs);
    }
  }

  async #openRun(): Promise<void> {
    const { slot, runId, offloadModels } = this.#parts;
    try {
      await slot.openRun(runId, offloadModels);
    } catch (error) {
      throw error instanceof SlotRefusal ? this.#failed(`refuses the run: ${error.message}`) : error;
    }
  }

  #failed(reason: string): AppError {
    return new AppError({
      code: 'worker-failed',
      message: `Worker ${this.workerId} (container ${this.#parts.container.name}) ${reason}.`,
      hint: `Its log is ${this.logPlace}; the container's own: docker logs ${this.#parts.container.name}`,
      isRetryable: true,
    });
  }
}
