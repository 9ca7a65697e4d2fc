import { unlessAborted } from '../../async/abort.ts';
import { withDeadline } from '../../async/deadline.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { RunWorker } from '../host-run/run-workers.ts';
import { markStopped } from '../host-run/stop-mark.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';
import { type Ending, endWorker } from './end-worker.ts';
import { type SlotApi, SlotRefusal } from './slot-api.ts';
import { startSlot, type WorkerContainer } from './start-slot.ts';

/** How long a slot may take to open a run, in milliseconds: its last worker may be about to stop. */
const openTimeoutMs = 60_000;

/** Pause before it is asked again, in milliseconds. */
const openPauseMs = 500;

/** How long a worker that is to stop may be silent until it counts as deaf, in milliseconds. */
const stopSilenceMs = 15_000;

/** The same for one that has to be dead, because its work is given to others. */
const killSilenceMs = 10_000;

/** How long writing the mark of one that is to stop may take, in milliseconds. */
const markTimeoutMs = 30_000;

/** What a {@link SlotWorker} is made of. */
interface SlotWorkerDeps {
  readonly runId: string;
  readonly workerId: number;
  readonly offloadModels: boolean;
  readonly container: WorkerContainer;
  readonly slot: SlotApi;
  /** The run's own API. */
  readonly api: WorkerApi;
  /** The run folder. */
  readonly files: FileStore;
  readonly hostName: string;
  readonly logPlace: string;
  readonly clock: Clock;
  /** Ends whatever waits for the worker to start. Stopping it is still possible then. */
  readonly signal?: AbortSignal;
}

/**
 * A run's worker in the slot of a container on a host. The slot has workers of other runs as well: whatever happens to
 * this one, the container is left alone as long as it answers. Once it was stopped or killed it is not started again.
 */
export class SlotWorker implements RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  readonly logPlace: string;
  readonly #parts: SlotWorkerDeps;
  /** Aborts when it is stopped or killed. */
  readonly #ended = new AbortController();
  /** Ends whatever waits for it to start. */
  readonly #signal: AbortSignal;
  /** Whether this process has opened the run here, in a container that is the one that is wanted. */
  #isOpened = false;
  /** The last asking of the slot for this run; never rejects. */
  #opening: Promise<unknown> = Promise.resolve();

  constructor(parts: SlotWorkerDeps) {
    this.#parts = parts;
    this.workerId = parts.workerId;
    this.api = parts.api;
    this.logPlace = parts.logPlace;
    this.#signal = AbortSignal.any([this.#ended.signal, ...(parts.signal ? [parts.signal] : [])]);
  }

  async ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    try {
      return await unlessAborted(this.#ensureRunning(), this.#signal);
    } catch (error) {
      // Whoever follows it learns from elsewhere that it was to end.
      if (this.#ended.signal.aborted) return { isStarted: false };
      throw error;
    }
  }

  async stop(drainMs: number): Promise<void> {
    const ending = await this.#end(drainMs, stopSilenceMs);
    if (ending === 'stays') throw this.#failed('does not stop');
    if (ending === 'silent')
      throw this.#failed('does not answer, so that nobody knows whether it has stopped');
  }

  async kill(): Promise<void> {
    const ending = await this.#end(0, killSilenceMs);
    if (ending === 'left' || ending === 'absent') return;
    const { container } = this.#parts;
    await container.kill();
    // The runs of others go on; should it fail to start, they start it themselves.
    await container.ensureRunning().catch(() => undefined);
  }

  async #ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    this.#signal.throwIfAborted();
    if (this.#isOpened && (await this.api.isAnswering())) return { isStarted: false };
    const { clock } = this.#parts;
    const deadlineMs = clock.now() + openTimeoutMs;
    for (;;) {
      await startSlot(this.#parts, this.#signal);
      const opened = await this.#open();
      if (!(opened instanceof Error)) {
        this.#isOpened = true;
        return { isStarted: !opened.isAdopted };
      }
      if (clock.now() > deadlineMs) throw this.#failed(`does not open the run: ${opened.message}`);
      await clock.sleep(openPauseMs, this.#signal);
    }
  }

  /** Gives the error when asking again may help. */
  async #open(): Promise<{ readonly isAdopted: boolean } | Error> {
    const { slot, runId, offloadModels } = this.#parts;
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
   * Ends the worker, and sees to it that it stays so. The mark is there before a socket that nobody answers on is
   * looked at for the last time, and a slot listens before it looks for the mark: one of them sees the other.
   *
   * @throws AppError when it is not there and cannot be marked: a slot that is started again would go on with it.
   */
  async #end(drainMs: number, silenceMs: number): Promise<Ending> {
    const { api, clock, files, workerId } = this.#parts;
    this.#ended.abort(new Error('the worker is to end'));
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
    // One that stays is asked to drop what it has in flight.
    const ending = first === 'silent' ? first : await endWorker(api, { ...options, drainMs: 0 });
    if (ending !== 'left' && unmarked) throw unmarked;
    return ending;
  }

  #failed(reason: string): AppError {
    const { container, hostName } = this.#parts;
    return new AppError({
      code: 'worker-failed',
      message: `${hostName}: worker ${this.workerId} (container ${container.name}) ${reason}.`,
      nextStep: `Its log is ${this.logPlace}; the container's own: docker logs ${container.name}`,
      isRetryable: true,
    });
  }
}
