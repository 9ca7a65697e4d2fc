import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';
import { markStopped, type RunWorker } from '../host-run/run-workers.ts';
import { WorkerApi } from '../host-run/worker-api.ts';
import { type SpareWorker, type WorkerProgram, workerSpawnOptions } from './spare-worker.ts';

/** Longest path of a unix socket that every system takes, in bytes. */
const maxSocketPathBytes = 100;

/** How long a worker may take from its start until it answers, in milliseconds. */
const startTimeoutMs = 30_000;

/** How often a worker may be killed while it starts before starting it counts as failed. */
const maxKillsAtStart = 5;

/** Pause before another process is tried in place of one that ended while it started, in milliseconds. */
const respawnPauseMs = 200;

/** How long a worker may take to accept a request to stop, in milliseconds. */
const stopTimeoutMs = 3_000;

interface WorkerPlace extends WorkerProgram {
  readonly root: string;
  readonly runId: string;
  readonly workerId: number;
  /** It ends when the process that started it ends, however that ends. */
  readonly isTied?: boolean;
  /** A process that waits for a run becomes the worker, where there is one. */
  readonly spare?: SpareWorker | undefined;
}

/**
 * One worker of this machine: a process that outlives the CLI that started it, unless it is tied to it. After a stop or a kill it is not started
 * again.
 */
export class LocalWorkerProcess implements RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  readonly logPlace: string;
  readonly #place: WorkerPlace;
  readonly #socketPath: string;
  readonly #files: LocalFileStore;
  #isEnded = false;

  constructor(place: WorkerPlace) {
    this.#place = place;
    const { root, runId, workerId } = place;
    this.workerId = workerId;
    this.#files = new LocalFileStore(join(root, layout.run(runId)));
    this.logPlace = this.#files.pathOf(layout.workerLog(workerId));
    this.#socketPath = socketPathFor(this.#files.pathOf(layout.workerSocket(workerId)));
    this.api = new WorkerApi({ socketPath: this.#socketPath });
  }

  async ensureRunning(): Promise<{ readonly isStarted: boolean }> {
    await assertSocketIsPrivate(this.#socketPath);
    if (this.#isEnded) return { isStarted: false };
    await this.#files.remove(layout.stopMark(this.workerId));
    if (this.#isEnded || (await this.api.isAnswering())) return { isStarted: false };
    const deadlineMs = performance.now() + startTimeoutMs;
    let child = await this.#spawn();
    let kills = 0;
    while (!(await this.api.isAnswering())) {
      // A worker that is about to begin finds the mark, and ends by itself.
      if (this.#isEnded) return { isStarted: false };
      if (child.exitCode) throw this.#failed(`ended with code ${child.exitCode}`);
      if (performance.now() > deadlineMs)
        throw this.#failed(`did not answer within ${startTimeoutMs / 1000} s`);
      await delay(20);
      // It was killed before it could answer, or it left the run to another worker, which may have ended by now.
      const isGone = child.signalCode !== null || child.exitCode === 0;
      if (child.signalCode !== null && ++kills > maxKillsAtStart)
        throw this.#failed(`was ended by ${child.signalCode} each time it started`);
      if (isGone && !(await this.api.isAnswering())) {
        await delay(respawnPauseMs);
        child = await this.#spawn();
      }
    }
    return { isStarted: true };
  }

  /**
   * Asks the worker to stop, and ends it by force when it does not. The CLI writes the stop mark before it reads the
   * lock, and a worker takes its lock before it reads the mark: one of them sees the other.
   */
  async stop(drainMs: number): Promise<void> {
    this.#isEnded = true;
    const unmarked = await markStopped(this.#files, this.workerId).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const wasThere = await this.#end(drainMs);
    // The mark is for a worker that starts later. The worker that ran here has been ended without it.
    if (unmarked && !wasThere) throw unmarked.error;
  }

  /** Ends the worker. @returns whether one ran. */
  async #end(drainMs: number): Promise<boolean> {
    const owner = await readLockOwner(this.#files.pathOf(`worker_${this.workerId}.lock`));
    try {
      await this.api.post('/shutdown', { drain_ms: drainMs }, stopTimeoutMs);
    } catch {
      // It does not run any more, or does not answer: what follows takes care of both.
    }
    if (owner === null) return false;
    if (!isOwnerHere(owner)) throw this.#failed(`runs on ${owner.host} and has to be stopped there`);
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

  async #spawn() {
    const { root, runId, workerId, program, isTied = false, spare } = this.#place;
    await mkdir(dirname(this.logPlace), { recursive: true });
    await using log = await open(this.logPlace, 'a');
    const which = [
      '--root',
      root,
      '--run',
      runId,
      '--worker',
      String(workerId),
      ...(isTied ? ['--tied'] : []),
      ...['--socket', this.#socketPath],
    ];
    const waiting = isTied ? null : spare?.take({ arguments: which, logPath: this.logPlace });
    if (waiting) return waiting;
    try {
      const child = spawn(process.execPath, [program, ...which], {
        ...workerSpawnOptions(this.#place),
        // A pipe closes with the process that has its other end.
        stdio: [isTied ? 'pipe' : 'ignore', log.fd, log.fd],
      });
      child.unref();
      if (child.stdin instanceof Socket) child.stdin.unref();
      await once(child, 'spawn');
      return child;
    } catch (error) {
      throw this.#failed(`cannot be started: ${messageOf(error)}`);
    }
  }

  #failed(reason: string): AppError {
    return new AppError({
      code: 'worker-failed',
      message: `The worker ${reason}.`,
      nextStep: `Its log is ${this.logPlace}`,
    });
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/**
 * Where a worker listens: a unix socket at `own`, in a folder of this user's for temporary files when that path is
 * too long for a socket, a named pipe on Windows.
 */
export function socketPathFor(own: string): string {
  const name = `cosmos-${createHash('sha256').update(own).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return Buffer.byteLength(own) <= maxSocketPathBytes ? own : join(temporaryFolder(), `${name}.sock`);
}

/**
 * Makes sure that no other user can have put a socket at a path of {@link socketPathFor}: all users may write to the
 * folder for temporary files, so the folder inside it must be this user's alone.
 *
 * @throws AppError `worker-failed` when it is not.
 */
export async function assertSocketIsPrivate(socketPath: string): Promise<void> {
  const folder = temporaryFolder();
  if (process.platform === 'win32' || dirname(socketPath) !== folder) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === userId() && (found.mode & 0o077) === 0) return;
  throw new AppError({
    code: 'worker-failed',
    message: `${folder} is a folder that others can change, so a worker cannot be trusted there.`,
    nextStep: 'Remove it, or choose a shorter remote_root under [hosts.local].',
  });
}

function temporaryFolder(): string {
  return join(tmpdir(), `cosmos-${userId()}`);
}

/** Not `userInfo`, which fails for a user without an entry in the system's list, as in a container started with `--user 1234`. */
function userId(): number {
  return process.getuid?.() ?? -1;
}
