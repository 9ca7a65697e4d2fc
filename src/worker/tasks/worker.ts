import { messageOf } from '../../errors/app-error.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import { batchesOf, type Manifest, type WorkEngine, type WorkTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { EngineError } from '../engines/engine.ts';
import { type WorkKindParts, WorkKinds } from '../kinds.ts';
import type { UpscaleEngine } from '../upscale/upscale-engine.ts';
import { buildStatus } from './build-status.ts';
import { EngineDesk } from './engine-manager.ts';
import { ResultShelf } from './result-store.ts';
import { StatusBoard } from './status-publisher.ts';
import { WorkBook } from './task-queue.ts';
import { WorkRate } from './work-rate.ts';
import type { WorkSession } from './work-session.ts';

/** What a worker is built from. */
export interface WorkerParts extends WorkKindParts {
  readonly workerId: number;
  /** The run folder. */
  readonly store: ExclusiveFileStore;
  emit(event: WorkerEvent): void;
  log(line: string): void;
}

/** A manifest and its number: of several, the highest number's engine settings hold. */
export interface NumberedManifest {
  readonly index: number;
  readonly manifest: Manifest;
}

/**
 * Does the tasks of manifests, one engine's worth at a time, without a pause between batches or manifests. What
 * it finishes is published before it is told; what it does not finish leaves no trace.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #book = new WorkBook();
  readonly #kinds: WorkKinds;
  readonly #rate = new WorkRate();
  readonly #desk: EngineDesk;
  readonly #shelf: ResultShelf;
  readonly #board: StatusBoard;
  readonly #startedAtMs: number;
  readonly #running = new Map<string, Promise<void>>();
  readonly #publishing = new AbortController();
  #newestIndex = -1;
  #currentBatch: number | null = null;
  #failure: EngineError | null = null;
  #trouble: string | null = null;
  #phase: 'loading' | 'working' | 'stopping' | 'stopped' = 'loading';
  #submitting: Promise<unknown> = Promise.resolve();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#kinds = new WorkKinds(parts);
    this.#startedAtMs = parts.clock.now();
    this.#desk = new EngineDesk({
      openSession: (spec) => this.#openSession(spec),
      onReady: () => this.#pump(),
      onFailed: (error) => this.#fail(error),
    });
    this.#shelf = new ResultShelf({ ...parts, onTrouble: (trouble) => this.#onTrouble(trouble) });
    this.#board = new StatusBoard({
      ...parts,
      current: () => this.status(),
      onShown: (status) => parts.emit({ type: 'status', status }),
    });
  }

  /** Takes no more work. */
  get isStopping(): boolean {
    return this.#phase === 'stopping' || this.#phase === 'stopped';
  }

  /** No request can succeed, until a manifest comes. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** The model that upscales, where one is loaded: pictures of their own can be upscaled with it, too. */
  get upscaleModel(): UpscaleEngine | null {
    return this.#desk.upscaleModel;
  }

  /** Nothing to do and nothing under way. */
  get isIdle(): boolean {
    if (this.#phase === 'loading') return false;
    return this.#running.size === 0 && (!this.#book.hasWaiting || this.#failure !== null);
  }

  /** Takes up what earlier processes left: their results and the manifests. Called once, before anything else. */
  async load(manifests: readonly NumberedManifest[]): Promise<void> {
    const loaded = this.#load(manifests);
    this.#submitting = loaded.catch(() => undefined);
    await loaded;
  }

  /**
   * Takes a manifest in; one that was taken before only brings back tasks whose results are gone. It also ends a
   * failure or outage: whoever hands work over wants it tried.
   *
   * @returns how many tasks were queued.
   */
  async submit({ index, manifest }: NumberedManifest): Promise<number> {
    const submitted = this.#submitting.then(async () => {
      const keys = batchesOf(manifest).flatMap((batch) => batch.tasks.map((task) => task.task_key));
      const results = await this.#shelf.read([...new Set(keys)]);
      this.#kinds.remember(manifest);
      this.#kinds.claim(results);
      this.#failure = null;
      const finished = new Map(results.map((result) => [result.task_key, result.status]));
      const queued = this.#take(manifest, index, finished);
      this.#desk.tryAgain();
      this.#pump();
      return queued;
    });
    this.#submitting = submitted.catch(() => undefined);
    return await submitted;
  }

  status(): WorkerStatus {
    const nowMs = this.#parts.clock.now();
    const counts = this.#book.counts();
    const remaining = counts.totalTasks - counts.okTasks - counts.failedTasks;
    return buildStatus({
      workerId: this.#parts.workerId,
      startedAtMs: this.#startedAtMs,
      nowMs,
      phase: this.#shownPhase(),
      counts,
      currentBatch: this.#running.size > 0 ? this.#currentBatch : null,
      completionMs: this.#rate.completionMs(remaining, nowMs),
      failure: this.#failure,
      trouble: this.#trouble ?? this.#desk.trouble,
      lanes: this.#desk.laneStatus(),
    });
  }

  /** Shows the status to whoever listens; called now and then, so that silence means something. */
  heartbeat(): void {
    this.#board.update();
  }

  /** Begins no request any more, and gives those in flight `drainMs` to end. Resolves when nothing is left. */
  async stop(drainMs: number): Promise<void> {
    this.#phase = 'stopping';
    this.#desk.stop();
    const drained = new AbortController();
    void this.#parts.clock.sleep(drainMs, drained.signal).then(
      () => this.abort(),
      () => undefined,
    );
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    drained.abort();
    await this.#desk.close();
    this.#phase = 'stopped';
    await this.#board.close();
  }

  /** Ends requests in flight at once. Their tasks get no result. */
  abort(): void {
    this.#desk.abort();
    this.#publishing.abort(new Error('the worker ends'));
  }

  async #load(manifests: readonly NumberedManifest[]): Promise<void> {
    this.#board.show();
    const inOrder = [...manifests].sort((a, b) => a.index - b.index);
    for (const { manifest } of inOrder) this.#kinds.remember(manifest);
    const results = await this.#shelf.readAll();
    const finished = new Map(results.map((result) => [result.task_key, result.status]));
    this.#kinds.claim(results);
    for (const { index, manifest } of inOrder) this.#take(manifest, index, finished);
    if (this.#phase === 'loading') this.#phase = 'working';
    this.#pump();
  }

  /** The session hears of all tasks, as it is to count those of each lane. */
  #openSession(spec: WorkEngine): WorkSession {
    const session = this.#kinds.open(spec);
    for (const { task, isDone } of this.#book.tasks()) session.expect(task, isDone);
    return session;
  }

  #take(manifest: Manifest, index: number, finished: ReadonlyMap<string, TaskResult['status']>): number {
    if (index >= this.#newestIndex) {
      this.#newestIndex = index;
      this.#desk.use(manifest.engine);
    }
    const queued = this.#book.add(manifest, finished);
    for (const { tasks } of batchesOf(manifest)) {
      for (const task of tasks) this.#desk.expect(task, finished.has(task.task_key));
    }
    return queued;
  }

  /** Starts tasks while there is room. Whatever may make room calls this. */
  #pump(): void {
    while (this.#mayBegin()) {
      const session = this.#desk.session();
      if (!session || this.#running.size >= session.taskLimit) break;
      const task = this.#book.next();
      if (!task) break;
      this.#begin(task, session);
    }
    if (this.isIdle) {
      this.#rate.resting();
      this.#desk.rest();
    }
    this.#board.update();
  }

  #mayBegin(): boolean {
    return (
      this.#phase === 'working' && this.#failure === null && !this.#shelf.isStuck && this.#book.hasWaiting
    );
  }

  #begin(task: WorkTask, session: WorkSession): void {
    this.#rate.working(this.#parts.clock.now());
    this.#currentBatch = this.#book.batchOf(task.task_key);
    this.#parts.emit({ type: 'task-started', task_key: task.task_key });
    this.#desk.begin(session);
    const done = this.#run(task, session).finally(() => {
      this.#running.delete(task.task_key);
      this.#desk.end(session);
      this.#pump();
    });
    this.#running.set(task.task_key, done);
  }

  async #run(task: WorkTask, session: WorkSession): Promise<void> {
    try {
      const outcome = await session.run(task, (doneParts, totalParts) =>
        this.#parts.emit({
          type: 'task-progress',
          task_key: task.task_key,
          done_parts: doneParts,
          total_parts: totalParts,
        }),
      );
      if (outcome.isFatal) {
        this.#book.giveBack(task.task_key);
        if (this.#desk.isCurrent(session)) this.#fail(outcome.error);
        return;
      }
      const result = await this.#shelf.publish(outcome.result, this.#publishing.signal);
      this.#book.finish(task.task_key, result.status);
      this.#rate.finished();
      this.#parts.emit({ type: 'task-finished', result });
      if (result.error) this.#parts.log(`${task.task_key} failed: ${result.error.message}`);
    } catch (error) {
      this.#book.giveBack(task.task_key);
      if (session.stopSignal.aborted || this.#publishing.signal.aborted) return;
      // Not foreseen: going on could ask for the same task for ever.
      const message = `Task ${task.task_key} could not be run: ${messageOf(error)}`;
      this.#fail(new EngineError({ code: 'engine-failed', class: 'fatal', message, cause: error }));
    }
  }

  #fail(error: EngineError): void {
    this.#failure = error;
    this.#parts.log(`failed: ${error.message}`);
    this.#desk.drop();
    this.#board.update();
  }

  #onTrouble(trouble: string | null): void {
    if (trouble !== null && this.#trouble === null) this.#parts.log(trouble);
    this.#trouble = trouble;
    this.#pump();
  }

  #shownPhase(): WorkerStatus['status'] {
    if (this.#phase === 'stopped') return 'stopped';
    if (this.#failure) return 'failed';
    if (this.#phase === 'loading' || (this.#desk.isStarting && this.#book.hasWaiting)) return 'loading';
    return this.isIdle ? 'idle' : 'processing';
  }
}
