import { lstat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../../ports/host.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { type FinalDocument, type FinishedVideo, finalSchema } from '../../protocol/queue.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { hasContent } from '../files/hash-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { readLogPart } from '../host-run/read-log-part.ts';
import type { RedisJobs } from '../queue/redis-jobs.ts';
import { outputExists } from '../video/assembly/assembly-errors.ts';
import type { QueueRunTiming } from './queue-news.ts';
import { QueueRun } from './queue-run.ts';
import { stopQueuedRun } from './stop-queued-run.ts';
import { StoredJobs } from './stored-jobs.ts';

export interface QueueHostOptions {
  /** Opens a connection. @throws AppError `host-unreachable` soon. */
  connect(): Promise<RedisJobs>;
  openStore(): Promise<SharedStore>;
  readonly clock: Clock;
  readonly timing: QueueRunTiming;
  /** Starts a worker for this queue, as a person types it. */
  readonly workerCommand: string;
  /** The machine that this program runs on; the system's own name unless told. */
  readonly machine?: string;
}

/** Everything that one call, or one open run, holds. */
interface Held {
  readonly jobs: RedisJobs;
  readonly store: SharedStore;
  close(): Promise<void>;
}

/** All workers of a queue as one {@link Host}: jobs wait in Redis, and everything else is in a store that all share. */
export class QueueHost implements Host {
  readonly name = 'queue';
  readonly #options: QueueHostOptions;
  readonly #machine: string;

  constructor(options: QueueHostOptions) {
    this.#options = options;
    this.#machine = options.machine ?? hostname();
  }

  async openRun(runId: string, { signal }: HostRunOptions): Promise<HostRun> {
    const held = await this.#hold();
    try {
      signal?.throwIfAborted();
      const owner = await held.jobs.lockRun(runId, this.#machine, this.#options.timing.lockMs);
      if (owner !== this.#machine) throw lockedElsewhere(runId, owner);
      const { clock, timing, workerCommand } = this.#options;
      const deps = { runId, machine: this.#machine, clock, timing, workerCommand, signal };
      return await QueueRun.open({ ...deps, ...held });
    } catch (error) {
      await held.close();
      throw error;
    }
  }

  async stopRun(...[runId, { isWithdrawn = false }]: Parameters<Host['stopRun']>): Promise<void> {
    await this.#use(async ({ jobs, store }) => {
      const stored = await StoredJobs.read(store, runId);
      await stopQueuedRun({ runId, jobs, stored, store, clock: this.#options.clock }, 0);
      if (isWithdrawn) await stored.removeAll();
    });
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    return await this.#use(async ({ jobs, store }) => {
      const stored = await StoredJobs.read(store, runId);
      const keys = stored.taskKeys;
      if (keys.size === 0) return { state: 'unknown', finishedTasks: 0, totalTasks: 0 };
      const finished = keys.intersection(await stored.finishedKeys());
      const counts = { finishedTasks: finished.size, totalTasks: keys.size };
      if (finished.size === keys.size) return { state: 'finished', ...counts };
      if ((await jobs.cancelledWithin(runId)) !== null) return { state: 'stopped', ...counts };
      const open = stored.openJobs(finished);
      for (const [kind, ids] of Map.groupBy(open, (job) => job.kind)) {
        const states = await jobs.statesOf(
          kind,
          ids.map(({ jobId }) => jobId),
        );
        if ([...states.values()].some(({ state }) => state === 'waiting' || state === 'active'))
          return { state: 'running', ...counts };
      }
      return { state: 'stopped', ...counts };
    });
  }

  /** Logs of the machines that worked on the run, in the order of their names; a machine writes its own when a job ends. */
  async readLog(runId: string, { kind, workerId }: LogName, fromByte: number): Promise<LogPart | null> {
    if (kind === 'engine') return null;
    const store = await this.#options.openStore();
    try {
      const folder = `${layout.run(runId)}/${layout.logs}`;
      const name = (await store.files.list(folder))[workerId];
      const bytes = name === undefined ? null : await store.files.read(`${folder}/${name}`);
      if (bytes === null) return null;
      return await readLogPart(fromByte, bytes.length, async (position, length) =>
        bytes.subarray(position, position + length),
      );
    } finally {
      await store.close();
    }
  }

  async fetchFinal(runId: string, path: string, mayReplace: boolean): Promise<FinishedVideo | null> {
    const store = await this.#options.openStore();
    try {
      const bytes = await store.files.read(`${layout.run(runId)}/${layout.final}`);
      const { file = null, video = null } = (bytes && parseJsonAs(finalSchema, bytes)) ?? {};
      if (file === null || video === null) return null;
      const isInTheWay =
        (await unlessMissing(lstat(path))) !== null && !(await hasContent(path, file.sha256));
      if (isInTheWay && !mayReplace) throw outputExists(path);
      return (await store.fetchFile(`${layout.run(runId)}/${file.path}`, file, path)) ? video : null;
    } finally {
      await store.close();
    }
  }

  async noteFinished(runId: string): Promise<void> {
    const store = await this.#options.openStore();
    try {
      const final: FinalDocument = { version: protocolVersion, file: null, video: null };
      const path = `${layout.run(runId)}/${layout.final}`;
      await store.files.publishOnce(path, JSON.stringify(final), () => true);
      // What the video was made of would only take room.
      await store.removeTree(`${layout.run(runId)}/${layout.outputs}`);
    } finally {
      await store.close();
    }
  }

  async close(): Promise<void> {
    // Each call and each run opens and closes what it needs.
  }

  async #hold(): Promise<Held> {
    const jobs = await this.#options.connect();
    try {
      const store = await this.#options.openStore();
      const close = async () => {
        jobs.close();
        await store.close();
      };
      return { jobs, store, close };
    } catch (error) {
      jobs.close();
      throw error;
    }
  }

  async #use<T>(work: (held: Held) => Promise<T>): Promise<T> {
    const held = await this.#hold();
    try {
      return await work(held);
    } finally {
      await held.close();
    }
  }
}

function lockedElsewhere(runId: string, machine: string): AppError {
  return new AppError({
    code: 'run-locked',
    message: `A process on ${machine} is working on run ${runId}.`,
    nextStep: 'Stop it there first. If it is gone for good, its lock expires within a minute.',
  });
}
