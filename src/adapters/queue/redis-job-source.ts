import { randomUUID } from 'node:crypto';
import { type Job, Worker } from 'bullmq';
import { settlesWithin } from '../../async/deadline.ts';
import type { JobSource, TakenJob } from '../../ports/job-queue.ts';
import { type JobKind, type JobNews, jobDataSchema, type WorkerFacts } from '../../protocol/queue.ts';
import type { QueueTiming, RedisJobs } from './redis-jobs.ts';

/** How often one job may lose its worker before it fails: machines that may be taken away do that often. */
const maxStalledCount = 20;

/** How often a worker looks whether the run of its job is stopped, in milliseconds. */
const cancelCheckMs = 500;

/** How long the last words to a queue may take, in milliseconds. */
const closeTimeoutMs = 3_000;

/** Jobs as a worker takes them: one by one, each held by a lock that is renewed until the job has ended. */
export class RedisJobSource implements JobSource {
  readonly #jobs: RedisJobs;
  readonly #timing: QueueTiming;
  readonly #workers = new Map<JobKind, Worker>();

  constructor(jobs: RedisJobs, timing: QueueTiming) {
    this.#jobs = jobs;
    this.#timing = timing;
  }

  async take(kinds: readonly JobKind[]): Promise<TakenJob | null> {
    this.#jobs.assertTrusted();
    for (const kind of kinds) {
      const token = randomUUID();
      const job = await this.#workerOf(kind).getNextJob(token, { block: false });
      if (!job) continue;
      const data = jobDataSchema.safeParse(job.data).data;
      if (data) return new RedisTakenJob(job, token, { kind, ...this.#timing }, this.#jobs);
      // Of another version: nothing more is known about it.
      await job.moveToFailed(new Error('The job is from another version of cosmos.'), token, false);
    }
    return null;
  }

  async isEmpty(kinds: readonly JobKind[]): Promise<boolean> {
    const counts = await this.#jobs.countsOf(kinds);
    return !counts['waiting'] && !counts['delayed'] && !counts['active'] && !counts['prioritized'];
  }

  async announce(facts: WorkerFacts): Promise<void> {
    if (this.#jobs.redis.status === 'ready') await this.#jobs.announce(facts);
  }

  /** Workers that were heard of lately, as far as is known. */
  async workers(): Promise<readonly WorkerFacts[]> {
    return this.#jobs.redis.status === 'ready' ? await this.#jobs.workers(Date.now()) : [];
  }

  async isOwned(runId: string): Promise<boolean> {
    return await this.#jobs.isOwned(runId);
  }

  async add(kind: JobKind, runId: string, jobIds: readonly string[]): Promise<void> {
    await this.#jobs.add(kind, runId, jobIds);
  }

  async close(name: string): Promise<void> {
    const leaving = [...this.#workers.values()].map((worker) => worker.close(true));
    const words = Promise.allSettled([this.#jobs.forgetWorker(name), ...leaving]);
    await settlesWithin(closeTimeoutMs, words);
    this.#jobs.close();
  }

  /** Takes nothing by itself; it also gives jobs of dead workers to the living ones. */
  #workerOf(kind: JobKind): Worker {
    let worker = this.#workers.get(kind);
    if (!worker) {
      const { lockMs: lockDuration, stalledMs: stalledInterval } = this.#timing;
      const { redis: connection, prefix } = this.#jobs;
      const options = { connection, prefix, lockDuration, stalledInterval, maxStalledCount, autorun: false };
      worker = new Worker(kind, null, options);
      worker.on('error', () => undefined);
      void worker.startStalledCheckTimer().catch(() => undefined);
      this.#workers.set(kind, worker);
    }
    return worker;
  }
}

class RedisTakenJob implements TakenJob {
  readonly kind: JobKind;
  readonly runId: string;
  readonly jobId: string | null;
  readonly isLastAttempt: boolean;
  readonly #lost = new AbortController();
  readonly #cancelled = new AbortController();
  readonly lost = this.#lost.signal;
  readonly cancelled = this.#cancelled.signal;
  readonly #job: Job;
  readonly #token: string;
  readonly #jobs: RedisJobs;
  readonly #timers: NodeJS.Timeout[];

  constructor(job: Job, token: string, { kind, lockMs }: QueueTiming & { kind: JobKind }, jobs: RedisJobs) {
    const { run_id: runId, job_id: jobId } = jobDataSchema.parse(job.data);
    this.kind = kind;
    this.runId = runId;
    this.jobId = jobId;
    this.isLastAttempt = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    this.#job = job;
    this.#token = token;
    this.#jobs = jobs;
    this.#timers = [
      setInterval(() => void this.#renew(lockMs), lockMs / 3),
      setInterval(() => void this.#checkCancelled(), cancelCheckMs),
    ];
  }

  emit(news: JobNews): void {
    if (this.#jobs.redis.status === 'ready') this.#job.updateProgress(news).catch(() => undefined);
  }

  async done(): Promise<void> {
    await this.#end(() => this.#job.moveToCompleted(null, this.#token, false));
  }

  async fail(message: string): Promise<void> {
    await this.#end(() => this.#job.moveToFailed(new Error(message), this.#token, false));
  }

  async giveBack(delayMs = 0): Promise<void> {
    await this.#end(() =>
      delayMs > 0
        ? this.#job.moveToDelayed(Date.now() + delayMs, this.#token)
        : this.#job.moveToWait(this.#token),
    );
  }

  async #end(say: () => Promise<unknown>): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    // A job that another worker has by now, or that is gone, needs no word of this one.
    await say().catch(() => undefined);
  }

  /** While Redis is away the work continues; whether another worker was given the job is found out when it is back. */
  async #renew(lockMs: number): Promise<void> {
    if (this.#jobs.redis.status !== 'ready') return;
    const isRenewed = await this.#job.extendLock(this.#token, lockMs).catch(() => null);
    if (isRenewed === null || Number(isRenewed) === 1) return;
    const holder = await this.#jobs.lockOf(this.kind, this.#job.id ?? '').catch(() => null);
    if (holder !== null) this.#lost.abort(new Error('another worker has the job now'));
  }

  async #checkCancelled(): Promise<void> {
    if (this.#jobs.redis.status !== 'ready') return;
    const drainMs = await this.#jobs.cancelledWithin(this.runId).catch(() => null);
    if (drainMs !== null) this.#cancelled.abort(drainMs);
  }
}
