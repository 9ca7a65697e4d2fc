import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readLockOwner } from '../../src/adapters/files/process-lock.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { QueueHost } from '../../src/adapters/queue-host/queue-host.ts';
import { FolderStore } from '../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { type QueueSettings, settingsSchema } from '../../src/core/settings/settings-schema.ts';
import { startRedis, type TestRedis, type TestRedisOptions } from './lab/redis.ts';

const workerScript = resolve(import.meta.dirname, 'queue-worker.ts');

/** Short times: a dead worker's job is another one's soon. */
export const quickTiming = { lockMs: 1_500, stalledMs: 400 };
export const quickRunTiming = { scanMs: 200, refillMs: 1_000, lockMs: 60_000, maxOutageMs: 60_000 };

/** What the worker of a test is started with, as JSON. */
export interface QueueWorkerOptions {
  readonly settings: QueueSettings;
  readonly root: string;
  readonly name: string;
  readonly isDraining?: boolean;
  /** How long it waits for the canary of another one. */
  readonly votingMs?: number;
}

/** A queue with its store, and workers that are processes of their own. */
export class QueueRig implements AsyncDisposable {
  readonly folder: string;
  readonly redis: TestRedis;
  readonly settings: QueueSettings;
  readonly workers = new Map<string, ChildProcess>();

  private constructor(folder: string, redis: TestRedis, settings: QueueSettings) {
    this.folder = folder;
    this.redis = redis;
    this.settings = settings;
  }

  static async start(
    options: TestRedisOptions = {},
    change: (redis: TestRedis) => Partial<QueueSettings> = () => ({}),
  ): Promise<QueueRig> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'cq-')));
    const redis = await startRedis(options);
    const store = join(folder, 'store');
    await mkdir(store);
    const { queue } = settingsSchema.parse({ queue: { url: redis.url, store, ...change(redis) } });
    return new QueueRig(folder, redis, queue);
  }

  get environment(): NodeJS.ProcessEnv {
    return process.env;
  }

  host(machine?: string): QueueHost {
    return new QueueHost({
      connect: () => openJobs(this.settings, this.environment),
      openStore: async () => new FolderStore(this.settings.store),
      clock: systemClock,
      timing: quickRunTiming,
      workerCommand: 'cosmos worker',
      ...(machine !== undefined && { machine }),
    });
  }

  startWorker(
    name: string,
    {
      settings = this.settings,
      env = {},
      ...options
    }: { readonly env?: NodeJS.ProcessEnv } & Partial<Omit<QueueWorkerOptions, 'name' | 'root'>> = {},
  ): ChildProcess {
    const whole: QueueWorkerOptions = { settings, root: this.rootOf(name), name, ...options };
    const stdio = process.env['DEBUG_QUEUE'] ? 'inherit' : 'ignore';
    const worker = spawn(process.execPath, [workerScript, JSON.stringify(whole)], {
      stdio,
      env: { ...process.env, ...env },
    });
    this.workers.set(name, worker);
    return worker;
  }

  rootOf(name: string): string {
    return join(this.folder, 'machines', name);
  }

  /** Ends it as a power cut would. */
  async killWorker(name: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  async stopWorker(name: string): Promise<void> {
    await this.#end(name, 'SIGTERM');
  }

  /** The workers that have a run open. */
  async workersOn(runId: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (const name of this.workers.keys()) if ((await this.slotPid(name, runId)) !== null) names.push(name);
    return names;
  }

  /** The process that works on a run for a worker; null where none does. */
  async slotPid(name: string, runId: string): Promise<number | null> {
    const lock = join(this.rootOf(name), name, 'slot_0', 'runs', runId, 'worker_0.lock');
    return (await readLockOwner(lock))?.pid ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.workers.keys()]) await this.killWorker(name);
    await this.redis[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const worker = this.workers.get(name);
    this.workers.delete(name);
    if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = once(worker, 'exit');
    worker.kill(signal);
    await ended;
  }
}
