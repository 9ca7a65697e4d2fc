import { link, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pMap from 'p-map';
import { parseJsonAs } from '../../core/json.ts';
import type { QueueSettings } from '../../core/settings/settings-schema.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type { QueuedRun, QueueFacts, QueueUpkeep, UnneededInStore } from '../../ports/queue-upkeep.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, objectsOf, segmentKinds } from '../../protocol/manifest.ts';
import { jobFileSchema } from '../../protocol/queue.ts';
import { failed, ok, runCheck, warning } from '../diagnostics/run-checks.ts';
import { openJobs } from '../queue/connect-redis.ts';
import type { RedisJobs } from '../queue/redis-jobs.ts';
import { StoredJobs } from './stored-jobs.ts';

const readsAtOnce = 16;

/** The oldest Redis that has all that is used, as major and minor number. */
const oldestRedis = { major: 6, minor: 2 };

interface UpkeepOptions {
  readonly settings: QueueSettings;
  openStore(): Promise<SharedStore>;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** Upkeep of the queue of the settings. */
export class RedisQueueUpkeep implements QueueUpkeep {
  readonly #options: UpkeepOptions;
  #jobs: Promise<RedisJobs> | null = null;
  #store: Promise<SharedStore> | null = null;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  async facts(): Promise<QueueFacts> {
    const { settings, clock } = this.#options;
    const [jobs, store] = await Promise.all([this.#openJobs(), this.#openStore()]);
    const counts = await jobs.countsByRun();
    const runs = await pMap(
      [...counts].sort(([one], [other]) => one.localeCompare(other)),
      async ([run_id, { waiting, active, failed: failedJobs }]): Promise<QueuedRun> => {
        const stored = await StoredJobs.read(store, run_id);
        const keys = stored.taskKeys;
        const finished_tasks = keys.intersection(await stored.finishedKeys()).size;
        return { run_id, waiting, active, failed: failedJobs, finished_tasks, total_tasks: keys.size };
      },
      { concurrency: readsAtOnce },
    );
    return {
      version: 1,
      queue: new URL(settings.url).host,
      store: store.name,
      is_paused: await jobs.isPaused(),
      workers: await jobs.workers(clock.now()),
      runs,
    };
  }

  async setPaused(isPaused: boolean): Promise<void> {
    await (await this.#openJobs()).setPaused(isPaused);
  }

  async retry(runId: string | null): Promise<number> {
    const [jobs, store] = await Promise.all([this.#openJobs(), this.#openStore()]);
    const counts = await jobs.countsByRun();
    const runIds =
      runId === null ? [...counts].flatMap(([id, { failed: n }]) => (n > 0 ? [id] : [])) : [runId];
    let retried = 0;
    for (const id of runIds) retried += await retryRun(id, jobs, store);
    return retried;
  }

  async findUnneeded(keepMs: number): Promise<readonly UnneededInStore[]> {
    const [jobs, store] = await Promise.all([this.#openJobs(), this.#openStore()]);
    const queued = await jobs.countsByRun();
    const oldestMs = this.#options.clock.now() - keepMs;
    const unneeded: UnneededInStore[] = [];
    const needed = new Set<string>();
    for (const { name: runId, isFolder } of await store.entries(layout.runs)) {
      if (!isFolder) continue;
      const isNeeded = queued.has(runId) || (await jobs.isOwned(runId)) || (await isUnfinished(store, runId));
      const { sizeBytes, modifiedMs } = await extentOf(store, layout.run(runId));
      if (!isNeeded && modifiedMs < oldestMs)
        unneeded.push({ kind: 'run', name: runId, size_bytes: sizeBytes, reason: 'finished or stopped' });
      else for (const sha256 of await objectsOfRun(store, runId)) needed.add(sha256);
    }
    for (const { name, sizeBytes, modifiedMs } of await store.entries(layout.objects))
      if (!needed.has(name) && modifiedMs < oldestMs)
        unneeded.push({ kind: 'object', name, size_bytes: sizeBytes, reason: 'no run that stays needs it' });
    return unneeded;
  }

  async remove(unneeded: readonly UnneededInStore[]): Promise<void> {
    const store = await this.#openStore();
    for (const { kind, name } of unneeded)
      await store.removeTree(kind === 'run' ? layout.run(name) : layout.object(name));
  }

  async check(): Promise<readonly CheckResult[]> {
    const redis = await runCheck('queue: redis', async () => {
      const info = await (await this.#openJobs()).info();
      const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(info.version) ?? []).map(Number);
      const isOld = major < oldestRedis.major || (major === oldestRedis.major && minor < oldestRedis.minor);
      if (isOld) return failed(`Redis ${info.version}`, 'Use Redis 6.2 or newer, or Valkey.');
      if (info.maxmemoryPolicy !== 'noeviction')
        return failed(
          `Redis ${info.version}, maxmemory-policy ${info.maxmemoryPolicy}`,
          'Set maxmemory-policy noeviction; otherwise it drops jobs when its memory is full.',
        );
      if (info.isAppendOnly) return ok(`Redis ${info.version}`);
      return warning(
        `Redis ${info.version} without an append-only file`,
        'Set appendonly yes; otherwise clients have to fill it again after a restart.',
      );
    });
    const store = await runCheck('queue: store', async () => {
      const opened = await this.#openStore();
      await opened.files.publish('check.txt', 'written by cosmos doctor\n');
      await opened.files.remove('check.txt');
      return (await canLink(opened))
        ? ok(opened.name)
        : warning(opened.name, 'The store has no hard links: two workers may publish the same file twice.');
    });
    const workers = await runCheck('queue: workers', async () => {
      const seen = await (await this.#openJobs()).workers(this.#options.clock.now());
      if (seen.length === 0)
        return warning('none', 'Start one on each machine: cosmos worker --queue … --store …');
      return ok(seen.map(({ name, slots }) => `${name} (${slots})`).join(', '));
    });
    return [redis, store, workers];
  }

  async close(): Promise<void> {
    (await this.#jobs?.catch(() => null))?.close();
    await (await this.#store?.catch(() => null))?.close();
  }

  #openJobs(): Promise<RedisJobs> {
    this.#jobs ??= openJobs(this.#options.settings, this.#options.environment);
    return this.#jobs;
  }

  #openStore(): Promise<SharedStore> {
    this.#store ??= this.#options.openStore();
    return this.#store;
  }
}

/** Forgets failed results, and queues their jobs again; what has a good one is not done again. @returns how many jobs. */
async function retryRun(runId: string, jobs: RedisJobs, store: SharedStore): Promise<number> {
  const stored = await StoredJobs.read(store, runId);
  const finished = await stored.finishedKeys();
  const forget = async (key: string) => {
    if (!finished.has(key) || (await stored.results.read(key))?.status !== 'failed') return;
    await stored.results.remove(key);
  };
  await pMap(stored.taskKeys, forget, { concurrency: readsAtOnce });
  const open = stored.openJobs(await stored.finishedKeys());
  if (open.length === 0) return 0;
  await store.files.remove(`${layout.run(runId)}/${layout.cancelMark}`);
  await jobs.setCancelled(runId, null);
  for (const [kind, ofKind] of Map.groupBy(open, (job) => job.kind)) {
    const ids = ofKind.map(({ jobId }) => jobId);
    const states = await jobs.statesOf(kind, ids);
    const ended = ids.filter((id) => states.get(id)?.state === 'failed');
    await jobs.remove(kind, ended);
    await jobs.add(kind, runId, ids);
    const isFinalized = (await store.files.read(`${layout.run(runId)}/${layout.checkpoint}`)) !== null;
    if (segmentKinds.has(kind) && isFinalized) await jobs.addFinalize(runId, kind, ids);
  }
  return open.length;
}

/** Unfinished runs are kept, however old: somebody may come back for them. Those that were stopped can be pruned. */
async function isUnfinished(store: SharedStore, runId: string): Promise<boolean> {
  if ((await store.files.read(`${layout.run(runId)}/${layout.cancelMark}`)) !== null) return false;
  const stored = await StoredJobs.read(store, runId);
  return stored.openJobs(await stored.finishedKeys()).length > 0;
}

async function objectsOfRun(store: SharedStore, runId: string): Promise<readonly string[]> {
  const folder = `${layout.run(runId)}/${layout.jobs}`;
  const read = async (name: string) => {
    const bytes = await store.files.read(`${folder}/${name}`);
    const file = bytes && parseJsonAs(jobFileSchema, bytes);
    if (!file) return [];
    return batchesOf(file).flatMap(({ tasks }) => tasks.flatMap((task) => objectsOf(task, file.engine)));
  };
  return (await pMap(await store.files.list(folder), read, { concurrency: readsAtOnce })).flat();
}

/** Size and last change of everything in a folder. */
async function extentOf(
  store: SharedStore,
  folder: string,
): Promise<{ readonly sizeBytes: number; readonly modifiedMs: number }> {
  let [sizeBytes, modifiedMs] = [0, 0];
  for (const entry of await store.entries(folder)) {
    const below = entry.isFolder ? await extentOf(store, `${folder}/${entry.name}`) : null;
    sizeBytes += below?.sizeBytes ?? entry.sizeBytes;
    modifiedMs = Math.max(modifiedMs, entry.modifiedMs, below?.modifiedMs ?? 0);
  }
  return { sizeBytes, modifiedMs };
}

/** Only of a folder of this machine it can be said. */
async function canLink(store: SharedStore): Promise<boolean> {
  const [one, other] = [join(store.name, '.check-one'), join(store.name, '.check-other')];
  try {
    await writeFile(one, '');
    await link(one, other);
    return true;
  } catch (error) {
    return !/EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS/.test(messageOf(error));
  } finally {
    await rm(one, { force: true });
    await rm(other, { force: true });
  }
}
