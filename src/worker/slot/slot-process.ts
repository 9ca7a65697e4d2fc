import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { messageOf } from '../../errors/app-error.ts';
import { defaultDrainMs } from '../http/json-server.ts';
import { closeServer, identityOf, isAnswered, listenPrivately } from '../http/listen.ts';
import type { ObjectFolder } from './object-folder.ts';
import type { Slot } from './slot.ts';
import { createSlotApi } from './slot-api.ts';

/** What a slot is started with: a program that stays between runs, and has a worker for each of those that are open. */
export interface SlotOptions {
  /** The host's root folder, absolute. */
  readonly root: string;
  readonly slotId: number;
  readonly socketPath: string;
  readonly idleTimeoutMs: number;
}

interface SlotProcessDeps {
  readonly slot: Slot;
  readonly objects: ObjectFolder;
  log(line: string): void;
}

/**
 * - `stopped`: it was asked to, or was idle long enough.
 * - `taken`: another process answers for this slot; nothing was started.
 * - `displaced`: another process has taken the slot over. This one must end at once, without cleaning up: at its
 *   paths are the other one's sockets.
 */
type SlotOutcome = 'stopped' | 'taken' | 'displaced';

const longestWatchMs = 1_000;

/**
 * A slot with its API, from listening to its end. The container's name sees to it that there is one at a time; of two that
 * were started by mistake the second ends, or, when both start in the same moment, the one whose socket is not at its path
 * any more.
 */
export class SlotProcess {
  readonly #options: SlotOptions;
  readonly #deps: SlotProcessDeps;
  readonly #server: Server;
  readonly #ended = Promise.withResolvers<SlotOutcome>();
  #isStopping = false;
  #isLeaving = false;
  #requests = 0;
  /** By the clock that never jumps. */
  #lastBusyMs = performance.now();

  constructor(options: SlotOptions, deps: SlotProcessDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#server = createSlotApi({
      ...deps,
      root: options.root,
      onShutdown: (drainMs) => this.requestStop(drainMs),
      whileBusy: (work) => this.#whileBusy(work),
    });
  }

  async run(): Promise<SlotOutcome> {
    const { slotId, socketPath, idleTimeoutMs } = this.#options;
    const { slot, objects, log } = this.#deps;
    if (await isAnswered(socketPath)) {
      log(`slot ${slotId} is served already by another process`);
      return 'taken';
    }
    await objects.prepare();
    await slot.load();
    if (process.platform !== 'win32') await mkdir(dirname(socketPath), { recursive: true });
    const identity = await this.#listen();
    log(`slot ${slotId} listens on ${socketPath}`);
    const watch = setInterval(
      () => void this.#watch(identity),
      Math.min(longestWatchMs, idleTimeoutMs / 4 + 1),
    );
    void this.#whileBusy(() => slot.restore()).catch(this.#ended.reject);
    const outcome = await this.#ended.promise;
    clearInterval(watch);
    if (outcome === 'displaced') await slot.abandon();
    else await this.#close(identity);
    log(outcome);
    return outcome;
  }

  /** Stops after requests in flight had `drainMs` to end; asked a second time, at once. */
  requestStop(drainMs = defaultDrainMs): void {
    if (!this.#isStopping) this.#deps.log(`stopping, requests in flight have ${drainMs} ms to end`);
    this.#isStopping = true;
    this.#deps.slot.stop(drainMs).then(() => this.#ended.resolve('stopped'), this.#ended.reject);
  }

  /**
   * Listens under a name of its own, and takes the slot's name by rename: of several that start at once each knows which
   * socket is its own, and the last one has the name.
   */
  async #listen(): Promise<string | null> {
    const { socketPath } = this.#options;
    if (process.platform === 'win32') {
      await listenPrivately(this.#server, socketPath);
      return await identityOf(socketPath);
    }
    const ownPath = `${socketPath}.${randomBytes(2).toString('hex')}`;
    await listenPrivately(this.#server, ownPath);
    const identity = await identityOf(ownPath);
    await rename(ownPath, socketPath);
    return identity;
  }

  /** Node removes the name that it listened under, which the socket does not have any more. */
  async #close(identity: string | null): Promise<void> {
    const { socketPath } = this.#options;
    if (identity !== null && (await identityOf(socketPath)) === identity)
      await rm(socketPath, { force: true });
    await closeServer(this.#server);
  }

  async #whileBusy(work: () => Promise<void>): Promise<void> {
    this.#requests += 1;
    try {
      await work();
    } finally {
      this.#requests -= 1;
      this.#lastBusyMs = performance.now();
    }
  }

  async #watch(identity: string | null): Promise<void> {
    const present = await identityOf(this.#options.socketPath);
    if (present === null)
      this.#ended.reject(new Error('the socket was removed, so no client can reach this slot'));
    else if (present !== identity) this.#ended.resolve('displaced');
    if (this.#isBusy) this.#lastBusyMs = performance.now();
    const idleMs = performance.now() - this.#lastBusyMs;
    if (idleMs >= this.#options.idleTimeoutMs) await this.#stopUnlessUnread();
  }

  get #isBusy(): boolean {
    return this.#requests > 0 || this.#deps.slot.isBusy;
  }

  async #stopUnlessUnread(): Promise<void> {
    if (this.#isStopping || this.#isLeaving) return;
    this.#isLeaving = true;
    const { slot, log } = this.#deps;
    const hasFound = await slot.takeUnread().catch((error: unknown) => {
      log(`the manifests cannot be read: ${messageOf(error)}`);
      return false;
    });
    this.#isLeaving = false;
    if (hasFound || this.#isBusy) this.#lastBusyMs = performance.now();
    else if (!this.#isStopping) this.requestStop(0);
  }
}
