import { settlesWithin } from '../../async/deadline.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { OpenRunRequest, SlotStatus } from '../../protocol/slot.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { ApiError } from '../http/json-server.ts';
import type { ModelServers } from '../model-server/model-servers.ts';
import { RememberedRuns } from './remembered-runs.ts';
import type { RunningWorker } from './run-worker.ts';

interface SlotDeps {
  readonly slotId: number;
  /** The host's root folder. */
  readonly store: FileStore;
  readonly modelServer: Pick<ModelServers, 'status' | 'offload' | 'stop'>;
  /** Starts a worker for a run; it answers when this resolves. */
  startWorker(runId: string): Promise<RunningWorker>;
  /** Removes the mark of a run whose worker was stopped, so that it can continue. */
  forgetStop(runId: string): Promise<void>;
  /** Why a run that was open before cannot continue by itself; null when it can. */
  whyNotResumable(runId: string): Promise<string | null>;
  log(line: string): void;
}

interface OpenRun extends Pick<RunningWorker, 'worker'> {
  /** Resolves when the worker has ended and the slot knows nothing of it any more. */
  readonly gone: Promise<void>;
  isOffloaded: boolean;
}

/** How long a run that is about to stop is waited for when it is asked for again, in milliseconds. */
const stoppingTimeoutMs = 15_000;

/** A place for workers, one for each run that is open. What goes wrong in one run stays there. */
export class Slot {
  readonly #deps: SlotDeps;
  readonly #startedAt = new Date().toISOString();
  readonly #remembered: RememberedRuns;
  readonly #runs = new Map<string, OpenRun>();
  /** Openings under way, by run: those of one run come one after the other. */
  readonly #opening = new Map<string, Promise<unknown>>();
  #earlier: readonly OpenRunRequest[] = [];
  #stopping: Promise<void> | null = null;
  #offloading: Promise<void> = Promise.resolve();

  constructor(deps: SlotDeps) {
    this.#deps = deps;
    this.#remembered = new RememberedRuns(deps.store, deps.slotId);
  }

  get isBusy(): boolean {
    return this.#opening.size > 0 || [...this.#runs.values()].some(({ worker }) => worker.isBusy);
  }

  /** Some run would be opened again by the next process. */
  get hasUnfinished(): boolean {
    return this.#remembered.count > 0;
  }

  status(): SlotStatus {
    return {
      version: protocolVersion,
      slot_id: this.#deps.slotId,
      started_at: this.#startedAt,
      runs: [...this.#runs].map(([run_id, { worker }]) => ({
        run_id,
        status: worker.status(),
        is_watched: worker.isWatched,
      })),
      engine: this.#deps.modelServer.status(),
    };
  }

  /** Reads what an earlier process had open. Called before anything is opened. */
  async load(): Promise<void> {
    this.#earlier = await this.#remembered.load(this.#deps.log);
  }

  /** Opens what an earlier process had open. Runs that cannot continue by themselves wait until a client opens them. */
  async restore(): Promise<void> {
    await Promise.all(this.#earlier.map((run) => this.#inTurn(run.run_id, () => this.#restore(run))));
    this.#earlier = [];
  }

  /**
   * Has a worker for the run. May be repeated.
   *
   * @returns whether there was one.
   * @throws ApiError 503 while the slot, or this run's last worker, stops. AppError `disk-full`.
   */
  async open(run: OpenRunRequest): Promise<{ readonly isAdopted: boolean }> {
    return await this.#inTurn(run.run_id, async () => {
      await this.#deps.forgetStop(run.run_id);
      return await this.#open(run);
    });
  }

  /** Has all workers take up what they were not notified of; gives whether there was anything. */
  async takeUnread(): Promise<boolean> {
    const found = await Promise.all([...this.#runs.values()].map(({ worker }) => worker.takeUnread()));
    return found.includes(true);
  }

  /** Stops all workers as their `/shutdown` does, then the model's server. A second call ends requests in flight. */
  async stop(drainMs: number): Promise<void> {
    const isFirst = this.#stopping === null;
    this.#stopping ??= this.#stopAll();
    for (const { worker } of this.#runs.values()) {
      if (!isFirst || !worker.isStopping) worker.requestStop(drainMs);
    }
    await this.#stopping;
  }

  /** Ends the model's server only: another process has taken everything else over. */
  async abandon(): Promise<void> {
    await this.#deps.modelServer.stop();
  }

  async #stopAll(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    for (const { worker } of this.#runs.values()) if (!worker.isStopping) worker.requestStop(0);
    await Promise.all([...this.#runs.values()].map(({ gone }) => gone));
    await this.#offloading;
    await this.#deps.modelServer.stop();
  }

  async #restore(run: OpenRunRequest): Promise<void> {
    const { log, whyNotResumable } = this.#deps;
    try {
      // A client may have been faster and opened it.
      const reason = this.#runs.has(run.run_id) ? null : await whyNotResumable(run.run_id);
      if (reason === null) {
        await this.#open(run);
        return;
      }
      log(`${run.run_id} is not opened again: ${reason}`);
      await this.#remembered.remove(run.run_id);
    } catch (error) {
      log(`${run.run_id} cannot be opened again: ${messageOf(error)}`);
    }
  }

  async #open(run: OpenRunRequest): Promise<{ readonly isAdopted: boolean }> {
    const { run_id: runId, offload_models: isOffloaded } = run;
    await this.#waitIfStopping(runId);
    if (this.#stopping) throw new ApiError(503, 'shutting-down', 'The slot opens no more runs.');
    const present = this.#runs.get(runId);
    if (present) {
      present.isOffloaded = isOffloaded;
      await this.#remembered.add(run);
      return { isAdopted: true };
    }
    try {
      await this.#remembered.add(run);
      const { worker, ended } = await this.#deps.startWorker(runId);
      this.#runs.set(runId, { worker, gone: ended.then(() => this.#close(runId)), isOffloaded });
    } catch (error) {
      await this.#forget(runId);
      throw error;
    }
    return { isAdopted: false };
  }

  /** A worker that stops by itself is done with its run; a run that is stopped with the slot continues with the next. */
  async #close(runId: string): Promise<void> {
    const run = this.#runs.get(runId);
    this.#runs.delete(runId);
    if (!this.#stopping || run?.worker.isFinished) await this.#forget(runId);
    if (this.#stopping || this.#runs.size > 0 || !run?.isOffloaded) return;
    this.#offloading = this.#offloading
      .then(() => this.#deps.modelServer.offload())
      .catch((error: unknown) =>
        this.#deps.log(`the model server could not be stopped: ${messageOf(error)}`),
      );
  }

  async #forget(runId: string): Promise<void> {
    try {
      await this.#remembered.remove(runId);
    } catch (error) {
      // It is opened once more after the next start, finds nothing to do, and is closed again.
      this.#deps.log(`${runId} could not be forgotten: ${messageOf(error)}`);
    }
  }

  async #waitIfStopping(runId: string): Promise<void> {
    const run = this.#runs.get(runId);
    if (!run?.worker.isStopping || (await settlesWithin(stoppingTimeoutMs, run.gone))) return;
    throw new ApiError(503, 'run-stopping', `The worker of ${runId} is about to stop; ask again.`);
  }

  async #inTurn<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#opening.get(runId) ?? Promise.resolve()).then(work, work);
    this.#opening.set(runId, turn);
    try {
      return await turn;
    } finally {
      if (this.#opening.get(runId) === turn) this.#opening.delete(runId);
    }
  }
}
