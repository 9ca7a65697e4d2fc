import { readFile } from 'node:fs/promises';
import pMap from 'p-map';
import { onAbort } from '../../async/abort.ts';
import { AsyncQueue } from '../../async/queues.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostEvent, HostObject, HostRun, OutputFacts, SubmittedPlan } from '../../ports/host.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkBatch, WorkEngine } from '../../protocol/manifest.ts';
import { type JobKind, type JobNews, jobNewsSchema } from '../../protocol/queue.ts';
import { failedResult, type TaskResult } from '../../protocol/task-result.ts';
import { outputLost } from '../host-run/stores.ts';
import type { RedisJobs } from '../queue/redis-jobs.ts';
import { stopQueuedRun } from './stop-queued-run.ts';
import { StoredJobs } from './stored-jobs.ts';

const readsAtOnce = 32;

/** How often an open run looks around, in milliseconds. */
export interface QueueRunTiming {
  /** For results in the store: what workers tell is quicker, but may be lost. */
  readonly scanMs: number;
  /** For jobs that Redis lost, and the run's lock is renewed. */
  readonly refillMs: number;
  /** How long Redis may be away before the run ends. */
  readonly maxOutageMs: number;
}

interface QueueRunDeps {
  readonly runId: string;
  readonly machine: string;
  readonly jobs: RedisJobs;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly timing: QueueRunTiming;
  close(): Promise<void>;
}

/** A run whose jobs wait in Redis for whichever worker comes; what is done is read from the store. */
export class QueueRun implements HostRun {
  readonly #deps: QueueRunDeps;
  readonly #stored: StoredJobs;
  /** Tasks whose result the caller knows of. */
  readonly #reported = new Set<string>();
  /** Kinds of jobs of this run; whoever watches is told of a new one. */
  readonly #kinds = new Set<JobKind>();
  #onKind: (kind: JobKind) => void = () => undefined;
  #isClosing = false;
  /** Whether a worker is to put the run together. */
  #isFinalized = false;

  private constructor(deps: QueueRunDeps, stored: StoredJobs) {
    this.#deps = deps;
    this.#stored = stored;
  }

  /** Goes on with what was submitted before. */
  static async open(deps: QueueRunDeps): Promise<QueueRun> {
    const { jobs, runId, store } = deps;
    const run = new QueueRun(deps, await StoredJobs.read(store, runId));
    await store.files.remove(run.#inRun(layout.cancelMark));
    await jobs.setCancelled(runId, null);
    await run.#refill();
    return run;
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const keys = await this.#stored.finishedKeys();
    for (const key of keys) this.#reported.add(key);
    return keys;
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    const result = await this.#stored.results.read(taskKey);
    if (result === null) this.#reported.delete(taskKey);
    return result;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return await this.#deps.store.missingObjects(sha256s);
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { sha256, path, sizeBytes } of objects)
      await this.#deps.store.putFile(layout.object(sha256), path, { sha256, size_bytes: sizeBytes });
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: null }> {
    const engineText = JSON.stringify(engine);
    const held = new Set(batch.tasks.flatMap(({ task_key: key }) => this.#stored.jobOf(key) ?? []));
    for (const job of held) {
      if (job.engine === engineText) continue;
      // It asks for what nobody wants any more. Its other tasks are submitted again by whoever still wants them.
      await this.#deps.jobs.remove(job.kind, [job.jobId]);
      await this.#stored.remove(job);
      held.delete(job);
    }
    const open = batch.tasks.filter(({ task_key: key }) => this.#stored.jobOf(key) === null);
    if (open.length > 0) {
      const { jobId, kind } = await this.#stored.add({ ...batch, tasks: open }, engine);
      this.#noteKind(kind);
      await this.#deps.jobs.add(kind, this.#deps.runId, [jobId]);
    }
    const finished = new Set(this.#reported);
    const unfinished = [...held].filter(({ taskKeys }) => taskKeys.some((key) => !finished.has(key)));
    await this.#ensureQueued(unfinished, true);
    return { workerId: null };
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const wanted = new Set(taskKeys);
    const withdrawn = new Set<string>();
    for (const job of new Set(taskKeys.flatMap((key) => this.#stored.jobOf(key) ?? []))) {
      const open = job.taskKeys.filter((key) => !this.#reported.has(key));
      if (!open.every((key) => wanted.has(key))) continue;
      if ((await this.#deps.jobs.remove(job.kind, [job.jobId])).size === 0) continue;
      await this.#stored.remove(job);
      for (const key of open) withdrawn.add(key);
    }
    return withdrawn;
  }

  /** A video is put together by a worker, should nobody be here when its segments are done. */
  async allSubmitted({ checkpointPath, objects }: SubmittedPlan): Promise<void> {
    if (!this.#kinds.has('upscale')) return;
    const { store } = this.#deps;
    const missing = await this.missingObjects(objects.map(({ sha256 }) => sha256));
    await this.deliver(objects.filter(({ sha256 }) => missing.has(sha256)));
    await store.files.publish(this.#inRun(layout.checkpoint), await readFile(checkpointPath));
    await store.files.remove(this.#inRun(layout.final));
    this.#isFinalized = true;
    await this.#addFinalize();
  }

  async #addFinalize(): Promise<void> {
    const { jobs, runId } = this.#deps;
    const open = this.#stored.openJobs(await this.#stored.finishedKeys());
    await jobs.addFinalize(
      runId,
      'upscale',
      open.filter(({ kind }) => kind === 'upscale').map(({ jobId }) => jobId),
    );
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    const forget = async (key: string) => {
      await this.#stored.results.remove(key);
      this.#reported.delete(key);
    };
    await pMap(taskKeys, forget, { concurrency: readsAtOnce });
  }

  async downloadOutput(taskKey: string, expected: OutputFacts, path: string): Promise<void> {
    const isThere = await this.#deps.store.fetchFile(this.#inRun(layout.output(taskKey)), expected, path);
    if (!isThere) throw outputLost(taskKey, 'gone or damaged');
  }

  /** Segments stay until their video stands: whoever puts it together needs them all. */
  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    if (this.#kinds.has('upscale')) return;
    const drop = (key: string) => this.#deps.store.files.remove(this.#inRun(layout.output(key)));
    await pMap(taskKeys, drop, { concurrency: readsAtOnce });
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const queue = new AsyncQueue<HostEvent>();
    const stop = new AbortController();
    const stopListening = onAbort(signal, () => queue.end());
    const failing = (error: unknown) => {
      if (!this.#isClosing) queue.end(error);
    };
    const listeners = new Map<JobKind, { close(): Promise<void> }>();
    const listenTo = (kind: JobKind) => {
      if (listeners.has(kind)) return;
      const { jobs, runId } = this.#deps;
      const onNews = (jobId: string, news: unknown) => {
        if (jobId.startsWith(`${runId}.`)) this.#pass(news, queue).catch(failing);
      };
      listeners.set(kind, jobs.listen(kind, onNews));
    };
    this.#onKind = listenTo;
    for (const kind of this.#kinds) listenTo(kind);
    this.#scanAgain(queue, stop.signal).catch(failing);
    this.#followRedis(queue, stop.signal).catch(failing);
    try {
      if (!signal.aborted) yield* queue;
    } finally {
      stop.abort();
      stopListening();
      this.#onKind = () => undefined;
      for (const listener of listeners.values()) void listener.close().catch(() => undefined);
    }
  }

  async stop(drainMs: number): Promise<void> {
    const { runId, jobs, store, clock } = this.#deps;
    await stopQueuedRun({ runId, jobs, stored: this.#stored, store, clock }, drainMs);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { jobs, runId, machine, close } = this.#deps;
    if (jobs.redis.status === 'ready') {
      // All of it is here: this process puts it together, and no worker needs to begin the same.
      const isFinished = [...this.#stored.taskKeys].every((key) => this.#reported.has(key));
      if (isFinished && this.#isFinalized) await jobs.noteFinishing(runId).catch(() => undefined);
      await jobs.unlockRun(runId, machine).catch(() => undefined);
    }
    await close();
  }

  /** Adds what Redis does not have and nobody has done. A job that failed for good gives its tasks a failed result. */
  async #refill(): Promise<void> {
    const finished = await this.#stored.finishedKeys();
    for (const { kind } of this.#stored.jobs) this.#noteKind(kind);
    await this.#ensureQueued(this.#stored.openJobs(finished), false);
  }

  /** @param isRetried - Jobs that failed for good are tried once more; else their tasks have failed. */
  async #ensureQueued(wanted: ReturnType<StoredJobs['openJobs']>, isRetried: boolean): Promise<void> {
    const { jobs, runId } = this.#deps;
    for (const [kind, ofKind] of Map.groupBy(wanted, (job) => job.kind)) {
      const ids = ofKind.map(({ jobId }) => jobId);
      const states = await jobs.statesOf(kind, ids);
      const missing = ids.filter((id) => states.get(id)?.state === 'absent');
      for (const job of ofKind) {
        const { state = 'absent', reason = '' } = states.get(job.jobId) ?? {};
        if (state !== 'failed') continue;
        if (!isRetried) await this.#publishFailure(job.taskKeys, reason);
        await jobs.remove(kind, [job.jobId]);
        if (isRetried) missing.push(job.jobId);
      }
      await jobs.add(kind, runId, missing);
    }
  }

  async #publishFailure(taskKeys: readonly string[], reason: string): Promise<void> {
    const finished = await this.#stored.finishedKeys();
    for (const key of taskKeys.filter((taskKey) => !finished.has(taskKey)))
      await this.#deps.store.files.publishOnce(
        this.#inRun(layout.result(key)),
        JSON.stringify(failedResult(key, reason, this.#deps.clock.now())),
        () => true,
      );
  }

  async #pass(emitted: unknown, queue: AsyncQueue<HostEvent>): Promise<void> {
    const news = jobNewsSchema.safeParse(emitted).data;
    if (!news) return;
    if (news.type === 'finished') return await this.#report(news.key, queue, news.machine);
    for (const event of eventsOf(news)) {
      const isLate = event.type === 'task-assigned' && this.#reported.has(event.taskKey);
      if (!isLate) queue.push(event);
    }
  }

  async #report(taskKey: string, queue: AsyncQueue<HostEvent>, machine?: string): Promise<void> {
    if (this.#reported.has(taskKey)) return;
    const result = await this.#stored.results.read(taskKey);
    if (result === null || this.#reported.has(taskKey)) return;
    this.#reported.add(taskKey);
    queue.push({ type: 'task-finished', result, ...(machine !== undefined && { machine }) });
  }

  /** Until `signal` aborts. */
  async #scanAgain(queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#deps;
    while (!signal.aborted) {
      const keys = (await this.#stored.results.keys()).filter((key) => !this.#reported.has(key));
      await pMap(keys, (key) => this.#report(key, queue), { concurrency: readsAtOnce });
      await clock.sleep(timing.scanMs, signal).catch(() => undefined);
    }
  }

  /** Until `signal` aborts. @throws AppError `host-unreachable` when Redis stays away for too long. */
  async #followRedis(queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    const { clock, timing, jobs, runId, machine } = this.#deps;
    const pauseMs = Math.min(1_000, timing.refillMs);
    let unreachableSinceMs: number | null = null;
    let refilledMs = clock.now();
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const isUnreachable = jobs.redis.status !== 'ready';
      if (isUnreachable && unreachableSinceMs === null) {
        unreachableSinceMs = clock.now();
        queue.push({
          type: 'unreachable',
          message: 'Redis does not answer; workers go on with what they have.',
        });
      }
      if (isUnreachable) {
        if (clock.now() - (unreachableSinceMs ?? 0) > timing.maxOutageMs) throw redisUnreachable();
        continue;
      }
      const isBack = unreachableSinceMs !== null;
      if (isBack) queue.push({ type: 'reachable' });
      unreachableSinceMs = null;
      if (!isBack && clock.now() - refilledMs < timing.refillMs) continue;
      refilledMs = clock.now();
      await jobs.lockRun(runId, machine);
      if (this.#isClosing) return;
      await this.#refill();
      if (this.#isFinalized) await this.#addFinalize();
    }
  }

  #noteKind(kind: JobKind): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.#onKind(kind);
  }

  #inRun(path: string): string {
    return `${layout.run(this.#deps.runId)}/${path}`;
  }
}

/** What a worker says, in the words of a host. */
function eventsOf(news: Exclude<JobNews, { type: 'finished' }>): readonly HostEvent[] {
  const { machine } = news;
  if (news.type === 'assigned')
    return news.keys.map((taskKey) => ({ type: 'task-assigned', taskKey, machine, isCopy: false }));
  if (news.type === 'refused')
    return [{ type: 'machine-changed', machine, state: 'refused', message: news.message }];
  const { key: taskKey } = news;
  if (news.type === 'started') return [{ type: 'task-started', taskKey, machine }];
  return [{ type: 'task-progress', taskKey, doneParts: news.done_parts, totalParts: news.total_parts }];
}

function redisUnreachable(): AppError {
  return new AppError({
    code: 'host-unreachable',
    message: 'Redis did not come back.',
    nextStep: 'Workers finish what they have. When it is back, attach to the run.',
    isRetryable: true,
  });
}
