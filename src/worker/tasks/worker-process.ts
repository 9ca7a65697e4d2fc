import type { Server } from 'node:http';
import { messageOf } from '../../errors/app-error.ts';
import type { FrameTool, PictureTool } from '../../ports/frame-tool.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { EventHub } from '../http/event-stream.ts';
import type { Handler } from '../http/json-server.ts';
import { closeServer, listenPrivately } from '../http/listen.ts';
import { createApiServer } from '../http/run-api.ts';
import { defaultDrainMs } from '../http/shutdown-route.ts';
import type { WorkerOptions } from '../options.ts';
import { upscaleBatchRoute } from '../upscale/batch-endpoint/upscale-batch-route.ts';
import { type ManifestSource, readManifestAt, readOwnManifests } from './manifest-intake.ts';
import { type NumberedManifest, Worker, type WorkerParts } from './worker.ts';

/** Silence of the event stream means that something is wrong after five seconds. */
const heartbeatMs = 4_000;
/**
 * A failed worker does not wait for its idle time: the next one may have another environment, with the right key.
 * It stays long enough for whoever handed the work over to hear why.
 */
const failedLingerMs = 3_000;
/** How often an idle worker looks for manifests that it was told of in vain, in milliseconds. */
const unreadCheckMs = 10_000;

/** What a worker with an API is built from. */
export interface WorkerProcessParts extends Omit<WorkerParts, 'workerId' | 'emit'> {
  readonly frames: FrameTool;
  readonly pictures: PictureTool;
}

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
  /** Numbers of the manifests that were read, the bad ones too. */
  readonly #read = new Set<number>();
  #lastCheckMs = performance.now();
  #isChecking = false;
  /** Requests under way that take long. */
  #openRequests = 0;

  constructor(options: WorkerOptions, parts: WorkerProcessParts) {
    const { runFolder, runId, workerId } = options;
    this.#options = options;
    this.#parts = parts;
    this.#source = { runFolder, runId, workerId, store: parts.store };
    this.#worker = new Worker({ ...parts, workerId, emit: (event) => this.#events.emit(event) });
    this.#server = createApiServer({
      worker: this.#worker,
      events: this.#events,
      upscaleBatch: this.#whileBusy(
        upscaleBatchRoute({ ...parts, loadedModel: () => this.#worker.upscaleModel }),
      ),
      readManifest: async (path) => this.#noteRead(await readManifestAt(path, this.#source)),
      onShutdown: (drainMs) => this.requestStop(drainMs),
      onRequest: () => this.#noteBusy(),
      log: parts.log,
    });
    // It may end before anybody waits for that.
    this.#ended.promise.catch(() => undefined);
  }

  /** Works, or is read from. */
  get isBusy(): boolean {
    return !this.#worker.isIdle || this.isWatched || this.#openRequests > 0;
  }

  /** Somebody reads its events. */
  get isWatched(): boolean {
    return this.#events.readerCount > 0;
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

  /**
   * Takes up manifests that lie ready and that it does not know of: whoever put them there may have lost the way here
   * before he could tell.
   *
   * @returns whether there were some.
   */
  async takeUnread(): Promise<boolean> {
    this.#lastCheckMs = performance.now();
    const unread = this.isStopping ? [] : await this.#readManifests();
    for (const manifest of unread) {
      this.#parts.log(`manifest ${manifest.index} lay there, and nobody told of it`);
      await this.#worker.submit(manifest);
    }
    if (unread.length > 0) this.#noteBusy();
    return unread.length > 0;
  }

  /**
   * Works until it is stopped or idle, and lets go of the socket. Called once, after `listen`. One that somebody has
   * stopped meanwhile does not begin: whoever stops it leaves a mark before he looks whether anybody listens.
   */
  async work(): Promise<void> {
    const heartbeat = setInterval(() => this.#worker.heartbeat(), heartbeatMs);
    const idleWatchMs = Math.min(1_000, this.#options.idleTimeoutMs / 4 + 1);
    const idleWatch = setInterval(() => void this.#watchIdle(), idleWatchMs);
    try {
      if (await this.#wasStopped()) this.requestStop(0);
      else await this.#worker.load(await this.#readManifests());
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
    return (await this.#parts.store.read(layout.stopMark(workerId))) !== null;
  }

  async #readManifests(): Promise<readonly NumberedManifest[]> {
    const onBad = (message: string, index: number) => {
      this.#parts.log(message);
      this.#read.add(index);
    };
    const found = await readOwnManifests(this.#source, onBad, this.#read);
    for (const manifest of found) this.#noteRead(manifest);
    return found;
  }

  #noteRead(manifest: NumberedManifest): NumberedManifest {
    this.#read.add(manifest.index);
    return manifest;
  }

  /** Nobody stops before he has looked once more for what he was not told of. */
  async #watchIdle(): Promise<void> {
    if (this.isBusy) this.#noteBusy();
    const isCheckDue = this.#isIdleForLong || performance.now() - this.#lastCheckMs >= unreadCheckMs;
    if (this.isStopping || this.#isChecking || !this.#worker.isIdle || !isCheckDue) return;
    this.#isChecking = true;
    try {
      await this.takeUnread();
    } catch (error) {
      this.#parts.log(`the manifests cannot be looked through: ${messageOf(error)}`);
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
