import { Mutex } from '../../async/limits.ts';
import { RepeatedFailures } from '../../core/run/repeated-failures.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import { batchesOf, type Manifest, maxEqualFailuresOf, type WorkTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { EngineError } from './engine-error.ts';
import { EngineManager, type WantedEngine } from './engine-manager.ts';
import type { EngineSession, WorkKinds } from './engine-session.ts';
import type { NumberedManifest } from './manifest-intake.ts';
import { ResultStore } from './result-store.ts';
import { buildStatus, messageOfStatus, StatusPublisher, urgentState, WorkRate } from './status-publisher.ts';
import { TaskQueue } from './task-queue.ts';

export interface WorkerDeps {
  readonly workerId: number;
  readonly kinds: WorkKinds;
  /** The run folder. */
  readonly store: ExclusiveFileStore;
  readonly clock: Clock;
  readonly random01: () => number;
  emit(event: WorkerEvent): void;
  log(line: string): void;
}

/**
 * Does the tasks of manifests, one engine's worth at a time, without a pause between batches or manifests. What
 * it finishes is published before it is announced; what it does not finish leaves no trace.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  readonly #queue = new TaskQueue();
  readonly #rate = new WorkRate();
  readonly #engines: EngineManager;
  readonly #results: ResultStore;
  readonly #publisher: StatusPublisher;
  readonly #startedAtMs: number;
  readonly #running = new Map<string, Promise<void>>();
  readonly #publishing = new AbortController();
  /** Manifests are taken in one after the other. */
  readonly #intake = new Mutex();
  #newestIndex = -1;
  /** Numbers of the manifests that it has. They may arrive out of order. */
  readonly #known = new Set<number>();
  #failures = new RepeatedFailures(0);
  #currentBatch: number | null = null;
  #failure: EngineError | null = null;
  #blockedReason: string | null = null;
  #phase: 'loading' | 'working' | 'stopping' | 'stopped' = 'loading';

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.clock.now();
    this.#engines = new EngineManager({
      openSession: (wanted) => this.#openSession(wanted),
      onReady: () => this.#pump(),
      onFailed: (error) => this.#fail(error),
    });
    this.#results = new ResultStore({ ...deps, onBlocked: (reason) => this.#noteBlocked(reason) });
    this.#publisher = new StatusPublisher({
      ...deps,
      current: () => this.status(),
      currentState: () => urgentState(this.#publicPhase(), messageOfStatus(this.#failure, this.#waitReason)),
      onPublish: (status) => deps.emit({ type: 'status', status }),
    });
  }

  get isStopping(): boolean {
    return this.#phase === 'stopping' || this.#phase === 'stopped';
  }

  /** No request can succeed, until a manifest comes. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Nothing to do and nothing under way. */
  get isIdle(): boolean {
    if (this.#phase === 'loading') return false;
    return this.#running.size === 0 && (!this.#queue.hasWaiting || this.#failure !== null);
  }

  /**
   * Takes up what earlier processes left: their results and the manifests, one after the other. Called once, before anything else.
   *
   * @param manifests - In the order of their numbers.
   */
  async load(manifests: AsyncIterable<NumberedManifest> | Iterable<NumberedManifest>): Promise<void> {
    await this.#intake.run(async () => {
      this.#publisher.publish();
      const names = await this.#results.names();
      for await (const numbered of manifests) {
        const keys = batchesOf(numbered.manifest).flatMap((batch) =>
          batch.tasks.map((task) => task.task_key),
        );
        const there = keys.filter((key) => names.has(`${key}.json`));
        this.#take([numbered], await this.#results.read(there, true));
      }
      if (this.#phase === 'loading') this.#phase = 'working';
      this.#pump();
    });
  }

  /**
   * Takes a manifest in; the same one again only brings back tasks whose results are gone. It also ends a failure or
   * outage: the caller wants it tried.
   *
   * @returns how many tasks were queued.
   */
  async submit(numbered: NumberedManifest): Promise<number> {
    return await this.#intake.run(async () => {
      const tasks = batchesOf(numbered.manifest).flatMap((batch) => batch.tasks);
      const results = await this.#results.read([...new Set(tasks.map((task) => task.task_key))]);
      // More work of a caller that does not know yet that all of it fails changes nothing.
      if (this.#failure?.code !== 'failures-repeated' || this.#isTriedAgain(numbered)) this.#failure = null;
      const queued = this.#take([numbered], results);
      this.#engines.tryAgain();
      this.#pump();
      return queued;
    });
  }

  /** Drops those of these tasks that are not started; gives their keys. */
  async withdraw(taskKeys: readonly string[]): Promise<string[]> {
    return await this.#intake.run(async () => {
      const withdrawn = this.#queue.withdraw(taskKeys);
      // Nothing of it is left to be done here.
      for (const task of withdrawn) this.#engines.expect(task, true);
      this.#pump();
      return withdrawn.map(({ task_key: key }) => key);
    });
  }

  status(): WorkerStatus {
    return buildStatus({
      workerId: this.#deps.workerId,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#deps.clock.now(),
      phase: this.#publicPhase(),
      counts: this.#queue.counts(),
      currentBatch: this.#running.size > 0 ? this.#currentBatch : null,
      rate: this.#rate,
      failure: this.#failure,
      waitReason: this.#waitReason,
      lanes: this.#engines.laneStatus(),
    });
  }

  /** Publishes the status; called now and then, so that silence means something. */
  heartbeat(): void {
    this.#publisher.update();
  }

  /** Begins no request any more, and gives those in flight `drainMs` to end. Resolves when nothing is left. */
  async stop(drainMs: number): Promise<void> {
    this.#phase = 'stopping';
    this.#engines.stop();
    const drained = new AbortController();
    void this.#deps.clock.sleep(drainMs, drained.signal).then(
      () => this.abort(),
      () => undefined,
    );
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    drained.abort();
    await this.#engines.close();
    this.#phase = 'stopped';
    await this.#publisher.close();
  }

  /** Ends requests in flight at once. Their tasks get no result. */
  abort(): void {
    this.#engines.abort();
    this.#publishing.abort(new Error('the worker ends'));
  }

  /** A manifest that it has already, or one that asks for another engine, comes from a caller who corrected the cause. */
  #isTriedAgain({ index, manifest }: NumberedManifest): boolean {
    return this.#known.has(index) || !this.#engines.isWanted(manifest);
  }

  /** All tasks are announced to the session, as it may count them. */
  #openSession({ kind, engine }: WantedEngine): EngineSession {
    const session = this.#deps.kinds[kind].open(engine);
    this.#failures = new RepeatedFailures(maxEqualFailuresOf(engine));
    for (const { task, isDone } of this.#queue.tasks()) session.expect(task, isDone);
    return session;
  }

  /** Queues the tasks of these manifests that have no result; gives how many. */
  #take(numbered: readonly NumberedManifest[], results: readonly TaskResult[]): number {
    const manifests = numbered.map(({ manifest }) => manifest);
    for (const kind of Object.values(this.#deps.kinds)) kind.learn?.(manifests, results);
    const finished = new Map(results.map((result) => [result.task_key, result.status]));
    let queued = 0;
    for (const { index, manifest } of numbered) {
      this.#known.add(index);
      this.#useEngineOf(manifest, index);
      queued += this.#queue.add(manifest, finished);
      for (const { tasks } of batchesOf(manifest)) {
        for (const task of tasks) this.#engines.expect(task, finished.has(task.task_key));
      }
    }
    return queued;
  }

  #useEngineOf(manifest: Manifest, index: number): void {
    if (index < this.#newestIndex) return;
    this.#newestIndex = index;
    this.#engines.use(manifest);
  }

  /** Starts tasks while there is room. Whatever may make room calls this. */
  #pump(): void {
    while (this.#mayBegin()) {
      const session = this.#engines.session();
      if (!session || this.#running.size >= session.taskLimit) break;
      const task = this.#queue.next();
      if (!task) break;
      this.#begin(task, session);
    }
    if (this.isIdle) {
      this.#rate.reset();
      this.#engines.rest();
    }
    this.#publisher.update();
  }

  #mayBegin(): boolean {
    const isWorking = this.#phase === 'working' && this.#failure === null;
    return isWorking && !this.#results.isBlocked && this.#queue.hasWaiting;
  }

  #begin(task: WorkTask, session: EngineSession): void {
    const { task_key: key } = task;
    this.#rate.begin(this.#deps.clock.now());
    this.#currentBatch = this.#queue.batchOf(key);
    this.#deps.emit({ type: 'task-started', task_key: key });
    const done = this.#engines
      .keepOpen(session, () => this.#run(task, session))
      .finally(() => {
        this.#running.delete(key);
        this.#pump();
      });
    this.#running.set(key, done);
  }

  async #run(task: WorkTask, session: EngineSession): Promise<void> {
    const { emit, log } = this.#deps;
    const { task_key: key } = task;
    const signal = this.#publishing.signal;
    try {
      const outcome = await session.run(task, (doneParts, totalParts) =>
        emit({ type: 'task-progress', task_key: key, done_parts: doneParts, total_parts: totalParts }),
      );
      if (outcome.isFatal) {
        this.#queue.giveBack(key);
        if (this.#engines.isCurrent(session)) this.#fail(outcome.error);
        return;
      }
      // Before anything is waited for: others begin meanwhile.
      this.#noteEnd(outcome.result, session);
      const result = await this.#results.publish(outcome.result, signal);
      this.#queue.finish(key, result.status);
      this.#rate.count();
      emit({ type: 'task-finished', result });
      if (result.error) log(`${key} failed: ${result.error.message}`);
    } catch (error) {
      this.#queue.giveBack(key);
      if (session.stopSignal.aborted || signal.aborted) return;
      // Not foreseen: continuing could ask for the same task for ever.
      const message = `Task ${key} could not be run: ${messageOf(error)}`;
      this.#fail(new EngineError({ code: 'engine-failed', class: 'fatal', message, cause: error }));
    }
  }

  /** One failure too many with the same cause ends the use of the engine. */
  #noteEnd({ error: failure }: TaskResult, session: EngineSession): void {
    if (!this.#engines.isCurrent(session)) return;
    const message = this.#failures.note(failure);
    if (message === null) return;
    this.#fail(new EngineError({ code: 'failures-repeated', class: 'fatal', message }));
  }

  #fail(error: EngineError): void {
    this.#failure = error;
    this.#deps.log(`failed: ${error.message}`);
    this.#engines.drop();
    this.#publisher.update();
  }

  #noteBlocked(reason: string | null): void {
    if (reason !== null && this.#blockedReason === null) this.#deps.log(reason);
    this.#blockedReason = reason;
    this.#pump();
  }

  get #waitReason(): string | null {
    return this.#blockedReason ?? this.#engines.waitReason;
  }

  #publicPhase(): WorkerStatus['status'] {
    if (this.#phase === 'stopped') return 'stopped';
    if (this.#failure) return 'failed';
    if (this.#phase === 'loading' || (this.#engines.isStarting && this.#queue.hasWaiting)) return 'loading';
    return this.isIdle ? 'idle' : 'processing';
  }
}
