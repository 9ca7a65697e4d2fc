import { Mutex } from '../../async/limits.ts';
import { messageOf } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { EventStream } from '../http/event-stream.ts';
import { ApiError, defaultDrainMs, type Handler, type Routes } from '../http/json-server.ts';
import { closeServer, listenPrivately } from '../http/listen.ts';
import { createRunApi } from '../http/run-api.ts';
import {
  type ManifestSource,
  type NumberedManifest,
  readManifestAt,
  readOwnManifests,
} from './manifest-intake.ts';
import { Worker, type WorkerDeps } from './worker.ts';

/** Silence of the event stream means that something is wrong after five seconds. */
const heartbeatMs = 4_000;
/**
 * A failed worker does not wait for its idle time: the next one may have another environment, with the right key.
 * It stays long enough for the CLI that submitted the work to read why.
 */
const failedLingerMs = 3_000;
/** How often an idle worker looks for manifests that it was not notified of, in milliseconds. */
const unreadCheckMs = 10_000;

/** What the worker of one run is started with. */
export interface WorkerOptions {
  /** The host's root folder, absolute. */
  readonly root: string;
  readonly runId: string;
  readonly workerId: number;
  readonly runFolder: string;
  /** A unix socket's path, or the name of a Windows pipe. */
  readonly socketPath: string;
  readonly idleTimeoutMs: number;
}

export type WorkerProcessDeps = Omit<WorkerDeps, 'workerId' | 'emit'>;

/** The worker of one run with its API, from listening to its end. A process may hold several. */
export class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #deps: WorkerProcessDeps;
  readonly #source: ManifestSource;
  readonly #events = new EventStream();
  readonly #worker: Worker;
  readonly #server: ReturnType<typeof createRunApi>;
  readonly #ended = Promise.withResolvers<void>();
  /** One caller at a time has manifests read and taken in, so that each is reported once. */
  readonly #taking = new Mutex();
  /** Numbers of the manifests that were read, the bad ones too. */
  readonly #read = new Set<number>();
  #stopping: Promise<void> | null = null;
  /** By the clock that never jumps: when the other one is set, an idle worker would end, or stay for ever. */
  #lastBusyMs = performance.now();
  #lastCheckMs = performance.now();
  #isChecking = false;
  /** Requests of the kinds' own routes under way: these may take long. */
  #openRequests = 0;

  constructor(options: WorkerOptions, deps: WorkerProcessDeps) {
    const { runFolder, runId, workerId } = options;
    this.#options = options;
    this.#deps = deps;
    this.#source = { runFolder, runId, workerId, store: deps.store };
    this.#worker = new Worker({ ...deps, workerId, emit: (event) => this.#events.emit(event) });
    this.#server = createRunApi({
      events: this.#events,
      kindRoutes: this.#kindRoutes(),
      status: () => this.status(),
      submit: (path) => this.#taking.run(() => this.#submit(path)),
      // Not while a manifest that was read is on its way into the queue: its tasks would come back.
      withdraw: (keys) => this.#taking.run(() => this.#worker.withdraw(keys)),
      onShutdown: (drainMs) => this.requestStop(drainMs),
      onRequest: () => this.#noteBusy(),
      log: deps.log,
    });
    // It may end before `work` waits for that.
    this.#ended.promise.catch(() => undefined);
  }

  get isBusy(): boolean {
    return !this.#worker.isIdle || this.isWatched || this.#openRequests > 0;
  }

  get isWatched(): boolean {
    return this.#events.readerCount > 0;
  }

  /** Has started to end, by itself or asked to. */
  get isStopping(): boolean {
    return this.#stopping !== null;
  }

  /** Everything that was submitted has a result. */
  get isFinished(): boolean {
    const { completed_batches: completed, total_batches: total } = this.status();
    return completed >= total;
  }

  status(): WorkerStatus {
    return this.#worker.status();
  }

  /** Begins to answer. No other process may listen on the socket. @throws AppError as `listenPrivately`. */
  async listen(): Promise<void> {
    const { runId, workerId, socketPath } = this.#options;
    await listenPrivately(this.#server, socketPath);
    this.#deps.log(`worker ${workerId} of ${runId} listens on ${socketPath}`);
  }

  /**
   * Takes up manifests in the run folder that it was not notified of: the CLI may have lost the connection after it
   * wrote them.
   *
   * @returns whether there were some.
   */
  async takeUnread(): Promise<boolean> {
    this.#lastCheckMs = performance.now();
    return await this.#taking.run(async () => {
      let isAny = false;
      for await (const manifest of this.isStopping ? [] : this.#readManifests()) {
        isAny = true;
        this.#deps.log(`found manifest ${manifest.index}, of which there was no notification`);
        await this.#worker.submit(manifest);
      }
      if (isAny) this.#noteBusy();
      return isAny;
    });
  }

  /**
   * Works until it is stopped or idle, and releases the socket. Called once, after `listen`. It does not begin when
   * its run was stopped meanwhile: a stopping CLI leaves a mark before it checks whether a worker listens.
   */
  async work(): Promise<void> {
    const heartbeat = setInterval(() => this.#worker.heartbeat(), heartbeatMs);
    const idleWatchMs = Math.min(1_000, this.#options.idleTimeoutMs / 4 + 1);
    const idleWatch = setInterval(() => void this.#watchIdle(), idleWatchMs);
    try {
      if (await this.#wasStopped()) this.requestStop(0);
      else await this.#taking.run(() => this.#worker.load(this.#readManifests()));
      await this.#ended.promise;
    } catch (error) {
      this.requestStop(0);
      await this.#ended.promise.catch(() => undefined);
      throw error;
    } finally {
      clearInterval(heartbeat);
      clearInterval(idleWatch);
      // Readers get the rest of their lines.
      this.#events.close();
      await closeServer(this.#server);
      this.#deps.log('stopped');
    }
  }

  /** Stops after requests in flight had `drainMs` to end; asked a second time, at once. */
  requestStop(drainMs = defaultDrainMs): void {
    if (this.#stopping) {
      this.#worker.abort();
      return;
    }
    this.#deps.log(`stopping, requests in flight have ${drainMs} ms to end`);
    this.#stopping = this.#worker.stop(drainMs);
    this.#stopping.then(this.#ended.resolve, this.#ended.reject);
  }

  async #submit(path: string): Promise<number> {
    if (this.#worker.isStopping) throw new ApiError(503, 'shutting-down', 'The worker takes no more work.');
    return await this.#worker.submit(this.#noteRead(await readManifestAt(path, this.#source)));
  }

  #kindRoutes(): Routes {
    const routes = Object.values(this.#deps.kinds).flatMap((kind) => [...(kind.routes ?? [])]);
    return new Map(
      routes.map(([path, route]) => {
        const handlers = Object.entries(route).map(([method, handler]) => [method, this.#whileBusy(handler)]);
        return [path, Object.fromEntries(handlers)];
      }),
    );
  }

  /** A worker that answers a long request is not idle. */
  #whileBusy(handler: Handler): Handler {
    return async (request, response) => {
      this.#openRequests += 1;
      try {
        await handler(request, response);
      } finally {
        this.#openRequests -= 1;
      }
    };
  }

  #noteBusy(): void {
    this.#lastBusyMs = performance.now();
  }

  async #wasStopped(): Promise<boolean> {
    const { workerId } = this.#options;
    return (await this.#deps.store.read(layout.stopMark(workerId))) !== null;
  }

  /** The manifests that were not read before. */
  async *#readManifests(): AsyncGenerator<NumberedManifest> {
    const onBad = (message: string, index: number) => {
      this.#deps.log(message);
      this.#read.add(index);
    };
    for await (const manifest of readOwnManifests(this.#source, onBad, this.#read))
      yield this.#noteRead(manifest);
  }

  #noteRead(manifest: NumberedManifest): NumberedManifest {
    this.#read.add(manifest.index);
    return manifest;
  }

  /** Before it stops, it looks once more for manifests that it was not notified of. */
  async #watchIdle(): Promise<void> {
    if (this.isBusy) this.#noteBusy();
    const isCheckDue = this.#isIdleForLong || performance.now() - this.#lastCheckMs >= unreadCheckMs;
    if (this.isStopping || this.#isChecking || !this.#worker.isIdle || !isCheckDue) return;
    this.#isChecking = true;
    try {
      await this.takeUnread();
    } catch (error) {
      this.#deps.log(`the manifests cannot be read: ${messageOf(error)}`);
    } finally {
      this.#isChecking = false;
    }
    if (!this.isStopping && !this.isBusy && this.#isIdleForLong) this.requestStop(0);
  }

  get #isIdleForLong(): boolean {
    const { idleTimeoutMs } = this.#options;
    const lingerMs = this.#worker.hasFailed ? Math.min(failedLingerMs, idleTimeoutMs) : idleTimeoutMs;
    return performance.now() - this.#lastBusyMs >= lingerMs;
  }
}
