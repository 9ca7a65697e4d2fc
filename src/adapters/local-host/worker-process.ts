import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';
import type { RunWorker } from '../host-run/run-workers.ts';
import { markStopped } from '../host-run/stop-mark.ts';
import { WorkerApi } from '../host-run/worker-api.ts';
import { assertSocketIsPrivate, socketPathFor } from './worker-socket.ts';

/** How long a worker may take from its start until it answers, in milliseconds. */
const startTimeoutMs = 30_000;

/** How often a worker may be killed while it starts before that is taken for no accident. */
const maxKillsAtStart = 5;

/** Pause before another process is tried in place of one that ended while it started, in milliseconds. */
const respawnPauseMs = 200;

/** How long a worker that is asked to stop may take to say so, in milliseconds. */
const askTimeoutMs = 3_000;

/** Which worker of which run, and how it is started. */
interface WorkerPlace {
  /** The host's root folder on this machine. */
  readonly root: string;
  readonly runId: string;
  readonly workerId: number;
  /** The worker's program: a JavaScript file for this Node. */
  readonly program: string;
}

/**
 * One worker of this machine, as a process of its own that outlives the one that started it. Once it was stopped or
 * killed it is not started again.
 */
export class LocalWorkerProcess implements RunWorker {
  readonly place: WorkerPlace;
  readonly api: WorkerApi;
  readonly #socketPath: string;
  readonly #files: LocalFileStore;
  #isEnded = false;

  constructor(place: WorkerPlace) {
    this.place = place;
    const { root, runId, workerId } = place;
    this.#files = new LocalFileStore(join(root, layout.run(runId)));
    this.#socketPath = socketPathFor(this.#files.pathOf(layout.workerSocket(workerId)));
    this.api = new WorkerApi({ socketPath: this.#socketPath });
  }

  get workerId(): number {
    return this.place.workerId;
  }

  get logPlace(): string {
    return this.#pathOf(layout.workerLog(this.workerId));
  }

  /** Adopts the worker when it runs already, else starts it; returns once it answers. */
  async ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    await assertSocketIsPrivate(this.#socketPath);
    if (this.#isEnded) return { isStarted: false };
    await this.#files.remove(layout.stopMark(this.workerId));
    if (this.#isEnded || (await this.isAnswering())) return { isStarted: false };
    const deadlineMs = performance.now() + startTimeoutMs;
    let child = await this.#spawn();
    let kills = 0;
    while (!(await this.isAnswering())) {
      // One that is about to begin finds the mark, and ends by itself.
      if (this.#isEnded) return { isStarted: false };
      if (child.exitCode) throw this.#failed(`ended with code ${child.exitCode}`);
      if (performance.now() > deadlineMs)
        throw this.#failed(`did not answer within ${startTimeoutMs / 1000} s`);
      await delay(20);
      // Killed before it could answer; or it left the run to another worker, which is gone by now or still to come.
      const isGone = child.signalCode !== null || child.exitCode === 0;
      if (child.signalCode !== null && ++kills > maxKillsAtStart)
        throw this.#failed(`was ended by ${child.signalCode} each time it started`);
      if (isGone && !(await this.isAnswering())) child = await this.#respawn();
    }
    return { isStarted: true };
  }

  /**
   * Asks the worker to stop, and ends it by force when it does not. The mark is there before anybody looks whether one
   * runs, and a worker takes its lock before it looks for the mark: one of them sees the other.
   */
  async stop(drainMs: number): Promise<void> {
    this.#isEnded = true;
    const unmarked = await markStopped(this.#files, this.workerId).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const wasThere = await this.#end(drainMs);
    // The mark is for one that comes later; one that was there does not.
    if (unmarked && !wasThere) throw unmarked.error;
  }

  /** Gives whether there was one. */
  async #end(drainMs: number): Promise<boolean> {
    const owner = await readLockOwner(this.#pathOf(`worker_${this.place.workerId}.lock`));
    try {
      await this.api.post('/shutdown', { drain_ms: drainMs }, askTimeoutMs);
    } catch {
      // Not there any more, or not answering: what follows takes care of both.
    }
    if (owner === null) return false;
    if (!isOwnerHere(owner)) throw this.#failed(`runs on ${owner.host}, where it has to be stopped`);
    const deadlineMs = performance.now() + drainMs + 3_000;
    while (await isOwnerAlive(owner)) {
      if (performance.now() > deadlineMs) killProcess(owner.pid);
      await delay(20);
    }
    return true;
  }

  async kill(): Promise<void> {
    await this.stop(0);
  }

  /** Whether it runs and takes calls. */
  async isAnswering(): Promise<boolean> {
    return await this.api.isAnswering();
  }

  async #respawn() {
    await delay(respawnPauseMs);
    return await this.#spawn();
  }

  /** The worker gets a session of its own: neither Ctrl-C nor a closed terminal reaches it. */
  async #spawn() {
    const { root, runId, workerId, program } = this.place;
    const logPath = this.logPlace;
    await mkdir(dirname(logPath), { recursive: true });
    const log = await open(logPath, 'a');
    const options = [
      '--root',
      root,
      '--run',
      runId,
      '--worker',
      String(workerId),
      '--socket',
      this.#socketPath,
    ];
    try {
      return await startDetached([program, ...options], ['ignore', log.fd, log.fd]);
    } catch (error) {
      throw this.#failed(`cannot be started: ${messageOf(error)}`);
    } finally {
      await log.close();
    }
  }

  #failed(reason: string): AppError {
    return new AppError({
      code: 'worker-failed',
      message: `The worker ${reason}.`,
      nextStep: `Its log is ${this.logPlace}`,
    });
  }

  #pathOf(path: string): string {
    return this.#files.pathOf(path);
  }
}

/** Starts this Node with other arguments. @throws Errors of the system when it cannot be started. */
async function startDetached(args: readonly string[], stdio: StdioOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { detached: true, stdio, windowsHide: true });
  child.unref();
  await once(child, 'spawn');
  return child;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
