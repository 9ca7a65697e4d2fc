import { FlowProducer, type JobsOptions, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { inGroups } from '../../async/in-groups.ts';
import { parseForeignJsonAs } from '../../core/json.ts';
import { shortened } from '../../core/shortened.ts';
import type { AppError } from '../../errors/app-error.ts';
import {
  type JobData,
  type JobKind,
  jobKinds,
  type WorkerFacts,
  workerFactsSchema,
} from '../../protocol/queue.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { countsByRun, type RunCounts } from './listed-jobs.ts';

/** How jobs are kept alive. Tests have shorter ones. */
export interface QueueTiming {
  /** How long a job stays with a worker that does not say that it still has it, in milliseconds. */
  readonly lockMs: number;
  /** How often jobs of such workers are looked for, in milliseconds. */
  readonly stalledMs: number;
}

export const usualTiming: QueueTiming = { lockMs: 120_000, stalledMs: 30_000 };

/** How long workers leave it to a run's own process to put it together, in seconds. */
const finishingSeconds = 600;

/** How long a worker counts as there after it was last heard of, in milliseconds. */
const workerTtlMs = 60_000;

const oneDaySeconds = 86_400;

/** Where a job stands. Finished ones are removed at once: the store knows of them. */
interface JobState {
  readonly state: 'absent' | 'waiting' | 'active' | 'failed';
  /** Why it failed for good. */
  readonly reason: string;
}

/** Jobs that are asked about at once. */
const jobsAtOnce = 16;

/** Workers that are shown. */
const mostWorkers = 4_096;

const mostReasonCharacters = 2_000;

type BulkJobs = Parameters<Queue['addBulk']>[0];

const jobOptions: JobsOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: true,
  removeOnFail: { age: 7 * oneDaySeconds },
};

/**
 * The jobs in Redis. Adding one that is there is no change, so that it may be repeated after any failure; what Redis lost
 * is added again from the store.
 */
export class RedisJobs {
  readonly redis: Redis;
  readonly prefix: string;
  readonly #queues = new Map<JobKind, Queue>();
  readonly #adders = new Map<JobKind, (jobs: readonly BulkJobs[number][]) => Promise<void>>();
  readonly #refusal: () => AppError | null;
  #flows: FlowProducer | null = null;

  /** @param refusal - Why the connection was ended for good; null while it was not. */
  constructor(redis: Redis, prefix: string, refusal: () => AppError | null = () => null) {
    this.redis = redis;
    this.prefix = prefix;
    this.#refusal = refusal;
  }

  /** @throws AppError `host-refused` after the server sent what it should not. */
  assertTrusted(): void {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
  }

  async add(kind: JobKind, runId: string, jobIds: readonly string[]): Promise<void> {
    const entries = jobIds.map((jobId) => ({
      name: kind,
      data: dataOf(kind, runId, jobId),
      opts: { ...jobOptions, jobId },
    }));
    if (entries.length > 0) await this.#adderOf(kind)(entries);
  }

  /** What is added during a call is added by the next one, all together. */
  #adderOf(kind: JobKind) {
    const adder = this.#adders.get(kind) ?? inGroups((jobs: BulkJobs) => this.queue(kind).addBulk(jobs));
    this.#adders.set(kind, adder);
    return adder;
  }

  /** Adds the job that puts a run together when these jobs have ended, well or not. */
  async addFinalize(runId: string, kind: JobKind, jobIds: readonly string[]): Promise<void> {
    this.#flows ??= new FlowProducer({ connection: this.redis, prefix: this.prefix });
    await this.#flows.add({
      name: 'finalize',
      queueName: 'finalize',
      data: dataOf('finalize', runId, runId),
      opts: { ...jobOptions, jobId: finalizeIdOf(runId) },
      children: jobIds.map((jobId) => ({
        name: kind,
        queueName: kind,
        data: dataOf(kind, runId, jobId),
        opts: { ...jobOptions, jobId, ignoreDependencyOnFailure: true },
      })),
    });
  }

  /** Takes jobs out that no worker has. @returns those that are surely not done now. */
  async remove(kind: JobKind, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
    const removed = new Set<string>();
    for (const jobId of jobIds) {
      const job = await this.queue(kind).getJob(jobId);
      const isGone = await (job?.remove({ removeChildren: false }) ?? Promise.resolve()).then(
        () => true,
        () => false,
      );
      if (isGone) removed.add(jobId);
    }
    return removed;
  }

  async statesOf(kind: JobKind, jobIds: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
    const states = new Map<string, JobState>();
    for (let at = 0; at < jobIds.length; at += jobsAtOnce)
      for (const [jobId, state] of await this.#someStatesOf(kind, jobIds.slice(at, at + jobsAtOnce)))
        states.set(jobId, state);
    return states;
  }

  async #someStatesOf(kind: JobKind, jobIds: readonly string[]): Promise<readonly [string, JobState][]> {
    const pipeline = this.redis.pipeline();
    for (const jobId of jobIds) {
      const key = `${this.prefix}:${kind}:${jobId}`;
      pipeline.exists(key).hmget(key, 'finishedOn', 'failedReason').exists(`${key}:lock`);
    }
    const answers = (await pipeline.exec()) ?? [];
    return jobIds.map((jobId, at) => {
      const [exists, fields, locked] = answers.slice(3 * at, 3 * at + 3).map(([, value]) => value);
      const [finishedOn, failedReason] = Array.isArray(fields) ? fields : [];
      const state = !exists ? 'absent' : finishedOn ? 'failed' : locked ? 'active' : 'waiting';
      return [jobId, { state, reason: shortened(String(failedReason ?? ''), mostReasonCharacters) }];
    });
  }

  /** The token of the worker that has a job; null when none has. */
  async lockOf(kind: JobKind, jobId: string): Promise<string | null> {
    return await this.redis.get(`${this.prefix}:${kind}:${jobId}:lock`);
  }

  queue(kind: JobKind): Queue {
    let queue = this.#queues.get(kind);
    if (!queue) {
      queue = new Queue(kind, { connection: this.redis, prefix: this.prefix });
      queue.on('error', () => undefined);
      this.#queues.set(kind, queue);
    }
    return queue;
  }

  /** What workers tell of jobs of this kind, on a connection of its own. */
  listen(kind: JobKind, onNews: (jobId: string, news: unknown) => void): QueueEvents {
    const events = new QueueEvents(kind, { connection: this.redis.duplicate(), prefix: this.prefix });
    events.on('error', () => undefined);
    events.on('progress', ({ jobId, data }) => onNews(jobId, data));
    return events;
  }

  /** Asks the workers that have jobs of this run to stop; null lets them continue. */
  async setCancelled(runId: string, drainMs: number | null): Promise<void> {
    const key = `${this.prefix}:cancel:${runId}`;
    if (drainMs === null) await this.redis.del(key);
    else await this.redis.set(key, String(drainMs), 'EX', oneDaySeconds);
  }

  /** How long what is in flight may take, in milliseconds; null where the run is not stopped. */
  async cancelledWithin(runId: string): Promise<number | null> {
    const found = await this.redis.get(`${this.prefix}:cancel:${runId}`);
    return found === null ? null : Number(found);
  }

  /** Takes or renews the lock of a run for this machine, which ends by itself. @returns the machine that has it. */
  async lockRun(runId: string, machine: string, lockMs: number): Promise<string> {
    const key = `${this.prefix}:lock:${runId}`;
    await this.redis.set(key, machine, 'PX', lockMs, 'NX');
    const owner = (await this.redis.get(key)) ?? machine;
    if (owner === machine) await this.redis.pexpire(key, lockMs);
    return owner;
  }

  /** The run's own process puts it together, for the next minutes. */
  async noteFinishing(runId: string): Promise<void> {
    await this.redis.set(`${this.prefix}:finishing:${runId}`, '1', 'EX', finishingSeconds);
  }

  /** Whether the process that began or resumed a run is there. */
  async isOwned(runId: string): Promise<boolean> {
    const keys = ['lock', 'finishing'].map((what) => `${this.prefix}:${what}:${runId}`);
    return (await this.redis.exists(...keys)) > 0;
  }

  async unlockRun(runId: string, machine: string): Promise<void> {
    const key = `${this.prefix}:lock:${runId}`;
    if ((await this.redis.get(key)) === machine) await this.redis.del(key);
  }

  async announce(facts: WorkerFacts): Promise<void> {
    await this.redis.hset(`${this.prefix}:workers`, facts.name, JSON.stringify(facts));
  }

  async forgetWorker(name: string): Promise<void> {
    await this.redis.hdel(`${this.prefix}:workers`, name);
  }

  /** Workers that were heard of lately; those of earlier times are forgotten. */
  async workers(nowMs: number): Promise<readonly WorkerFacts[]> {
    const found = await this.redis.hgetall(`${this.prefix}:workers`);
    const workers: WorkerFacts[] = [];
    const gone: string[] = [];
    for (const [name, text] of Object.entries(found)) {
      const facts = parseForeignJsonAs(workerFactsSchema, text);
      const isThere = facts !== null && nowMs - Date.parse(facts.seen_at) < workerTtlMs;
      if (!isThere) gone.push(name);
      else if (workers.length < mostWorkers) workers.push(facts);
    }
    if (gone.length > 0) await this.redis.hdel(`${this.prefix}:workers`, ...gone.slice(0, mostWorkers));
    return workers.sort((one, other) => one.name.localeCompare(other.name));
  }

  async countsOf(kinds: readonly JobKind[] = jobKinds): Promise<Record<string, number>> {
    const total: Record<string, number> = {};
    for (const kind of kinds) {
      const counts = await this.queue(kind).getJobCounts();
      for (const [state, count] of Object.entries(counts)) total[state] = (total[state] ?? 0) + count;
    }
    return total;
  }

  /** Jobs of all kinds, by their runs. */
  async countsByRun(): Promise<ReadonlyMap<string, RunCounts>> {
    return await countsByRun(this.redis, this.prefix);
  }

  /** Has workers take no more jobs, or take them again. */
  async setPaused(isPaused: boolean): Promise<void> {
    for (const kind of jobKinds) await (isPaused ? this.queue(kind).pause() : this.queue(kind).resume());
  }

  async isPaused(): Promise<boolean> {
    return await this.queue(jobKinds[0]).isPaused();
  }

  /** What the server says of itself. */
  async info(): Promise<{ version: string; maxmemoryPolicy: string; isAppendOnly: boolean }> {
    const text = await this.redis.info();
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
    return {
      version: field('redis_version'),
      maxmemoryPolicy: field('maxmemory_policy'),
      isAppendOnly: field('aof_enabled') === '1',
    };
  }

  /** Lets go of the connection, at once: nothing here waits for a Redis that is away. */
  close(): void {
    this.redis.disconnect();
  }
}

export function finalizeIdOf(runId: string): string {
  return `${runId}.finalize`;
}

function dataOf(kind: JobKind, runId: string, jobId: string): JobData {
  return { version: protocolVersion, run_id: runId, job_id: kind === 'finalize' ? null : jobId };
}
