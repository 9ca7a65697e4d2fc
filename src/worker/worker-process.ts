import type { Server } from 'node:http';
import type { WorkerStatus } from '../protocol/worker-status.ts';
import { createApiServer } from './api-server.ts';
import { EventHub } from './event-hub.ts';
import { closeServer, listenPrivately } from './listen.ts';
import { type ManifestSource, readManifestAt, readOwnManifests } from './manifest-intake.ts';
import type { WorkerOptions } from './options.ts';
import { defaultDrainMs } from './shutdown-route.ts';
import { Worker, type WorkerParts } from './worker.ts';

/** Silence of the event stream means that something is wrong after five seconds. */
const heartbeatMs = 4_000;
/**
 * A failed worker does not wait for its idle time: the next one may have another environment, with the right key.
 * It stays long enough for whoever handed the work over to hear why.
 */
const failedLingerMs = 3_000;

/** What a worker with an API is built from. */
export type WorkerProcessParts = Omit<WorkerParts, 'workerId' | 'emit'>;

/** The worker of one run with its API, from listening to the last goodbye. A process may hold several. */
export class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #parts: WorkerProcessParts;
  readonly #source: ManifestSource;
  readonly #events = new EventHub();
  readonly #worker: Worker;
  readonly #server: Server;
  readonly #ended = Promise.withResolvers<void>();
  #stopping: Promise<void> | null = null;
  /** By the clock that never jumps: an idle worker would end, or stay for ever, when somebody sets the other one. */
  #lastBusyMs = performance.now();

  constructor(options: WorkerOptions, parts: WorkerProcessParts) {
    const { runFolder, runId, workerId } = options;
    this.#options = options;
    this.#parts = parts;
    this.#source = { runFolder, runId, workerId, store: parts.store };
    this.#worker = new Worker({ ...parts, workerId, emit: (event) => this.#events.emit(event) });
    this.#server = createApiServer({
      worker: this.#worker,
      events: this.#events,
      readManifest: (path) => readManifestAt(path, this.#source),
      onShutdown: (drainMs) => this.requestStop(drainMs),
      onRequest: () => this.#noteBusy(),
      log: parts.log,
    });
    // It may end before anybody waits for that.
    this.#ended.promise.catch(() => undefined);
  }

  /** Works, or is read from. */
  get isBusy(): boolean {
    return !this.#worker.isIdle || this.#events.readerCount > 0;
  }

  /** Has begun to end, by itself or asked to. */
  get isStopping(): boolean {
    return this.#stopping !== null;
  }

  status(): WorkerStatus {
    return this.#worker.status();
  }

  /** Begins to answer. Nothing may listen on the socket any more. @throws AppError as `listenPrivately`. */
  async listen(): Promise<void> {
    const { runId, workerId, socketPath } = this.#options;
    await listenPrivately(this.#server, socketPath);
    this.#parts.log(`worker ${workerId} of ${runId} listens on ${socketPath}`);
  }

  /** Works until it is stopped or idle, and lets go of the socket. Called once, after `listen`. */
  async work(): Promise<void> {
    const heartbeat = setInterval(() => this.#worker.heartbeat(), heartbeatMs);
    const idleWatchMs = Math.min(1_000, this.#options.idleTimeoutMs / 4 + 1);
    const idleWatch = setInterval(() => this.#stopWhenIdle(), idleWatchMs);
    try {
      await this.#worker.load(await readOwnManifests(this.#source, this.#parts.log));
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
      this.#parts.log('stopped');
    }
  }

  /** Stops after requests in flight had `drainMs` to end; asked a second time, at once. */
  requestStop(drainMs = defaultDrainMs): void {
    if (this.#stopping) {
      this.#worker.abort();
      return;
    }
    this.#parts.log(`stopping, requests in flight have ${drainMs} ms to end`);
    this.#stopping = this.#worker.stop(drainMs);
    this.#stopping.then(this.#ended.resolve, this.#ended.reject);
  }

  #noteBusy(): void {
    this.#lastBusyMs = performance.now();
  }

  #stopWhenIdle(): void {
    if (this.isBusy) this.#noteBusy();
    const { idleTimeoutMs } = this.#options;
    const lingerMs = this.#worker.hasFailed ? Math.min(failedLingerMs, idleTimeoutMs) : idleTimeoutMs;
    if (!this.#stopping && performance.now() - this.#lastBusyMs >= lingerMs) this.requestStop(0);
  }
}
