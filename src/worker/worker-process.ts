import { createApiServer, defaultDrainMs } from './api-server.ts';
import { EventHub } from './event-hub.ts';
import { listenPrivately } from './listen.ts';
import { type ManifestSource, readManifestAt, readOwnManifests } from './manifest-intake.ts';
import type { WorkerOptions } from './options.ts';
import { Worker, type WorkerParts } from './worker.ts';

/** Silence of the event stream means that something is wrong after five seconds. */
const heartbeatMs = 4_000;
/**
 * A failed worker does not wait for its idle time: the next one may have another environment, with the right key.
 * It stays long enough for whoever handed the work over to hear why.
 */
const failedLingerMs = 3_000;
const closingPatienceMs = 1_000;

/** A worker with its API, from listening to the last goodbye. */
export class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #parts: Omit<WorkerParts, 'workerId' | 'emit'>;
  readonly #events = new EventHub();
  readonly #worker: Worker;
  readonly #ended = Promise.withResolvers<void>();
  #stopping: Promise<void> | null = null;
  #lastBusyMs: number;

  constructor(options: WorkerOptions, parts: Omit<WorkerParts, 'workerId' | 'emit'>) {
    this.#options = options;
    this.#parts = parts;
    this.#lastBusyMs = parts.clock.now();
    this.#worker = new Worker({
      ...parts,
      workerId: options.workerId,
      emit: (event) => this.#events.emit(event),
    });
  }

  /** Works until it is stopped or idle. */
  async run(): Promise<void> {
    const { runFolder, runId, workerId, socketPath, idleTimeoutMs } = this.#options;
    const source: ManifestSource = { runFolder, runId, workerId, store: this.#parts.store };
    const server = createApiServer({
      worker: this.#worker,
      events: this.#events,
      readManifest: (path) => readManifestAt(path, source),
      onShutdown: (drainMs) => this.requestStop(drainMs),
      onRequest: () => this.#noteBusy(),
      log: this.#parts.log,
    });
    await listenPrivately(server, socketPath);
    this.#parts.log(`worker ${workerId} of ${runId} listens on ${socketPath}`);
    const heartbeat = setInterval(() => this.#worker.heartbeat(), heartbeatMs);
    const idleWatch = setInterval(() => this.#stopWhenIdle(), Math.min(1_000, idleTimeoutMs / 4 + 1));
    await this.#worker.load(await readOwnManifests(source, this.#parts.log));
    await this.#ended.promise;
    clearInterval(heartbeat);
    clearInterval(idleWatch);
    await this.#sayGoodbye(server);
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
    this.#lastBusyMs = this.#parts.clock.now();
  }

  #stopWhenIdle(): void {
    if (!this.#worker.isIdle || this.#events.readerCount > 0) this.#noteBusy();
    const { idleTimeoutMs } = this.#options;
    const lingerMs = this.#worker.hasFailed ? Math.min(failedLingerMs, idleTimeoutMs) : idleTimeoutMs;
    if (this.#parts.clock.now() - this.#lastBusyMs >= lingerMs) this.requestStop(0);
  }

  /** Readers get the rest of their lines; whoever does not take them is cut off. */
  async #sayGoodbye(server: ReturnType<typeof createApiServer>): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.#events.close();
    server.closeIdleConnections();
    const cutOff = setTimeout(() => server.closeAllConnections(), closingPatienceMs);
    await closed;
    clearTimeout(cutOff);
    this.#parts.log('stopped');
  }
}
