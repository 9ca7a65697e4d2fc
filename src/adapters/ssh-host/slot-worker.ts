import { unlessAborted } from '../../async/abort.ts';
import { withDeadline } from '../../async/deadline.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { SlotContainer } from '../docker/slot-container.ts';
import { markStopped, type RunWorker } from '../host-run/run-workers.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';
import { type Ending, endWorker } from './end-worker.ts';
import { type SlotApi, SlotRefusal } from './slot-api.ts';

/** How long the slot of a started container may take until it answers, in milliseconds. */
const startTimeoutMs = 60_000;

/** Pause between two queries of a slot that starts, in milliseconds. */
const pollMs = 50;

/** How often a container may end before its slot answers. */
const maxEndsAtStart = 3;

/** Pause before a container that ended is started again, in milliseconds. */
const endPauseMs = 1_000;

/** The container of a slot, as far as its workers use it. */
export type WorkerContainer = Pick<SlotContainer, 'name' | 'ensureRunning' | 'state' | 'explain' | 'kill'>;

interface SlotStartDeps {
  readonly container: WorkerContainer;
  readonly slot: Pick<SlotApi, 'isAnswering'>;
  readonly clock: Clock;
}

/** How long a slot may take to open a run, in milliseconds: its last worker may be about to stop. */
const openTimeoutMs = 60_000;

/** Pause before the slot is asked again, in milliseconds. */
const openPauseMs = 500;

/** How long a worker that is to stop may be silent before stopping it fails, in milliseconds. */
const stopSilenceMs = 15_000;

/** The same for a worker that has to be dead because its work is given to others: its container is killed then. */
const killSilenceMs = 10_000;

/** How long writing the stop mark may take, in milliseconds. */
const markTimeoutMs = 30_000;

interface SlotWorkerDeps {
  readonly runId: string;
  readonly workerId: number;
  readonly offloadModels: boolean;
  readonly container: WorkerContainer;
  readonly slot: SlotApi;
  readonly api: WorkerApi;
  /** The run folder. */
  readonly files: FileStore;
  readonly hostName: string;
  readonly logPlace: string;
  readonly clock: Clock;
  /** Ends waiting for the worker to start. Stopping it is still possible then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A run's worker in the slot of a container on a host. The slot has workers of other runs as well, so the container
 * keeps running as long as it answers. After a stop or a kill the worker is not started again.
 */
export class SlotWorker implements RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  readonly logPlace: string;
  readonly #deps: SlotWorkerDeps;
  /** Aborts when the worker is stopped or killed. */
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  /** Whether this process has opened the run here, in the container that the settings ask for. */
  #isOpened = false;
  /** The last request to the slot to open this run; never rejects. */
  #opening: Promise<unknown> = Promise.resolve();

  constructor(deps: SlotWorkerDeps) {
    this.#deps = deps;
    this.workerId = deps.workerId;
    this.api = deps.api;
    this.logPlace = deps.logPlace;
    this.#signal = AbortSignal.any([this.#ended.signal, ...(deps.signal ? [deps.signal] : [])]);
  }

  async ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    try {
      return await unlessAborted(this.#ensureRunning(), this.#signal);
    } catch (error) {
      // A worker that was stopped on purpose is no failure.
      if (this.#ended.signal.aborted) return { isStarted: false };
      throw error;
    }
  }

  async stop(drainMs: number): Promise<void> {
    const ending = await this.#end(drainMs, stopSilenceMs);
    if (ending === 'stays') throw this.#failed('does not stop');
    if (ending === 'silent') throw this.#failed('does not answer, so it may still work');
  }

  async kill(): Promise<void> {
    const ending = await this.#end(0, killSilenceMs);
    if (ending === 'left' || ending === 'absent') return;
    const { container } = this.#deps;
    await container.kill();
    // For other runs in the same container. When this fails, their clients start it themselves.
    await container.ensureRunning().catch(() => undefined);
  }

  async #ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    this.#signal.throwIfAborted();
    if (this.#isOpened && (await this.api.isAnswering())) return { isStarted: false };
    const { clock } = this.#deps;
    const deadlineMs = clock.now() + openTimeoutMs;
    for (;;) {
      await startSlot(this.#deps, this.#signal);
      const opened = await this.#open();
      if (!(opened instanceof Error)) {
        this.#isOpened = true;
        return { isStarted: !opened.isAdopted };
      }
      if (clock.now() > deadlineMs) throw this.#failed(`does not open the run: ${opened.message}`);
      await clock.sleep(openPauseMs, this.#signal);
    }
  }

  /** Opens the run. @returns the error when another try may succeed. */
  async #open(): Promise<{ readonly isAdopted: boolean } | Error> {
    const { slot, runId, offloadModels } = this.#deps;
    this.#signal.throwIfAborted();
    const opening = slot.openRun(runId, offloadModels);
    this.#opening = opening.catch(() => undefined);
    try {
      return await opening;
    } catch (error) {
      if (error instanceof AppError || !(error instanceof Error)) throw error;
      if (error instanceof SlotRefusal && !error.isPassing)
        throw this.#failed(`refuses the run: ${error.message}`);
      return error;
    }
  }

  /**
   * Ends the worker, and keeps it from being started again. The CLI writes the stop mark before it queries a silent
   * socket for the last time, and a slot listens before it reads the mark: one of them sees the other.
   *
   * @throws AppError when the worker is not there and cannot be marked: a slot that is started again would continue it.
   */
  async #end(drainMs: number, silenceMs: number): Promise<Ending> {
    const { api, clock, files, workerId } = this.#deps;
    this.#ended.abort(new Error('the worker is stopped'));
    await this.#opening;
    const marking = withDeadline(markTimeoutMs, 'no answer', () => markStopped(files, workerId)).then(
      () => null,
      (error: unknown) =>
        error instanceof AppError ? error : this.#failed(`cannot be kept from work: ${messageOf(error)}`),
    );
    const options = { drainMs, silenceMs, clock };
    const first = await endWorker(api, options);
    const unmarked = await marking;
    if (first === 'left') return first;
    // A worker that stays is asked to drop what it has in flight.
    const ending = first === 'silent' ? first : await endWorker(api, { ...options, drainMs: 0 });
    if (ending !== 'left' && unmarked) throw unmarked;
    return ending;
  }

  #failed(reason: string): AppError {
    const { container, hostName } = this.#deps;
    return new AppError({
      code: 'worker-failed',
      message: `${hostName}: worker ${this.workerId} (container ${container.name}) ${reason}.`,
      nextStep: `Its log is ${this.logPlace}; the container's own: docker logs ${container.name}`,
      isRetryable: true,
    });
  }
}

/**
 * Starts, adopts or replaces a slot's container, and waits until its slot answers.
 *
 * @throws AppError `host-busy` when another client puts its container in this place; `worker-failed` when the container
 *   does not stay up or does not answer; others of making it. The signal's reason when it aborts.
 */
export async function startSlot(deps: SlotStartDeps, signal: AbortSignal): Promise<void> {
  const { container, slot, clock } = deps;
  await container.ensureRunning(signal);
  const deadlineMs = clock.now() + startTimeoutMs;
  for (let ends = 0; !(await slot.isAnswering()); ) {
    signal.throwIfAborted();
    const { state } = await container.state();
    if (state === 'foreign') throw await container.explain();
    // A Docker daemon that is restarted ends its containers, so one end is no reason to give up.
    if (state === 'absent' || state === 'stopped') {
      ends += 1;
      if (ends > maxEndsAtStart) throw await container.explain();
      await clock.sleep(endPauseMs, signal);
      await container.ensureRunning(signal);
    }
    if (clock.now() > deadlineMs) throw await restartSilent(container);
    await clock.sleep(pollMs, signal);
  }
}

/** Restarts a container that runs and does not answer, for the next try. @returns what was wrong with it. */
async function restartSilent(container: WorkerContainer): Promise<AppError> {
  const why = await container.explain();
  await container.kill();
  await container.ensureRunning().catch(() => undefined);
  return why;
}
