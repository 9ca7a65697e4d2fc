import pMap from 'p-map';
import { messageOf } from '../../errors/app-error.ts';
import { isDiskFull } from '../../errors/system-error.ts';
import type { HostEvent, HostObject, HostRun, OutputFacts, SubmittedPlan } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { segmentKinds, type WorkBatch, type WorkEngine } from '../../protocol/manifest.ts';
import type { JobKind } from '../../protocol/queue.ts';
import { failedResult, type TaskResult } from '../../protocol/task-result.ts';
import { readWhole } from '../files/bounded-read.ts';
import { outputLost } from '../host-run/stores.ts';
import { QueueNews, type QueueRunDeps } from './queue-news.ts';
import { stopQueuedRun } from './stop-queued-run.ts';
import { StoredJobs } from './stored-jobs.ts';

const readsAtOnce = 32;

/** Pause before a store that is full is written to again, in milliseconds. */
const fullStorePauseMs = 2_000;

/** A run whose jobs wait in Redis for whichever worker comes; what is done is read from the store. */
export class QueueRun implements HostRun {
  readonly #deps: QueueRunDeps;
  readonly #stored: StoredJobs;
  readonly #news: QueueNews;
  #isClosing = false;
  /** Whether a worker is to put the run together. */
  #isFinalized = false;

  private constructor(deps: QueueRunDeps, stored: StoredJobs) {
    this.#deps = deps;
    this.#stored = stored;
    this.#news = new QueueNews(deps, stored, () => this.#addAgain());
  }

  /** Continues what was submitted before. */
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
    for (const key of keys) this.#news.reported.add(key);
    return keys;
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    const result = await this.#stored.results.read(taskKey);
    if (result === null) this.#news.reported.delete(taskKey);
    return result;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return await this.#deps.store.missingObjects(sha256s);
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { sha256, path, sizeBytes } of objects) {
      const facts = { sha256, size_bytes: sizeBytes };
      await this.#whenStoreTakes(() => this.#deps.store.putFile(layout.object(sha256), path, facts));
    }
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: null }> {
    const engineText = JSON.stringify(engine);
    const held = new Set(batch.tasks.flatMap(({ task_key: key }) => this.#stored.jobOf(key) ?? []));
    for (const job of held) {
      if (job.engine === engineText) continue;
      // It asks for what no client wants any more. Its other tasks are submitted again by clients that still want them.
      await this.#deps.jobs.remove(job.kind, [job.jobId]);
      await this.#stored.remove(job);
      held.delete(job);
    }
    const open = batch.tasks.filter(({ task_key: key }) => this.#stored.jobOf(key) === null);
    if (open.length > 0) {
      const add = () => this.#stored.add({ ...batch, tasks: open }, engine);
      const { jobId, kind } = await this.#whenStoreTakes(add);
      this.#news.noteKind(kind);
      await this.#deps.jobs.add(kind, this.#deps.runId, [jobId]);
    }
    const finished = new Set(this.#news.reported);
    const unfinished = [...held].filter(({ taskKeys }) => taskKeys.some((key) => !finished.has(key)));
    await this.#ensureQueued(unfinished, true);
    return { workerId: null };
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const wanted = new Set(taskKeys);
    const withdrawn = new Set<string>();
    for (const job of new Set(taskKeys.flatMap((key) => this.#stored.jobOf(key) ?? []))) {
      const open = job.taskKeys.filter((key) => !this.#news.reported.has(key));
      if (!open.every((key) => wanted.has(key))) continue;
      if ((await this.#deps.jobs.remove(job.kind, [job.jobId])).size === 0) continue;
      await this.#stored.remove(job);
      for (const key of open) withdrawn.add(key);
    }
    return withdrawn;
  }

  /** A video is put together by a worker, should no client be here when its segments are done. */
  async allSubmitted({ checkpointPath, objects }: SubmittedPlan): Promise<void> {
    if (this.#segmentKind === null || objects === null) return;
    const { store } = this.#deps;
    const missing = await this.missingObjects(objects.map(({ sha256 }) => sha256));
    await this.deliver(objects.filter(({ sha256 }) => missing.has(sha256)));
    await store.files.publish(this.#inRun(layout.checkpoint), await readWhole(checkpointPath));
    await store.files.remove(this.#inRun(layout.final));
    this.#isFinalized = true;
    await this.#addFinalize();
  }

  async #addFinalize(): Promise<void> {
    const { jobs, runId } = this.#deps;
    const kind = this.#segmentKind;
    if (kind === null) return;
    const open = this.#stored.openJobs(await this.#stored.finishedKeys());
    await jobs.addFinalize(
      runId,
      kind,
      open.filter((job) => job.kind === kind).map(({ jobId }) => jobId),
    );
  }

  /** The kind of its work, where that is segments of a video. */
  get #segmentKind(): JobKind | null {
    return [...this.#news.kinds].find((kind) => segmentKinds.has(kind)) ?? null;
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    const forget = async (key: string) => {
      await this.#stored.results.remove(key);
      // A file that stands there is kept where another one of its size is published.
      await this.#deps.store.files.remove(this.#inRun(layout.output(key)));
      this.#news.reported.delete(key);
    };
    await pMap(taskKeys, forget, { concurrency: readsAtOnce });
  }

  async downloadOutput(taskKey: string, expected: OutputFacts, path: string): Promise<void> {
    const isThere = await this.#deps.store.fetchFile(this.#inRun(layout.output(taskKey)), expected, path);
    if (!isThere) throw outputLost(taskKey, 'gone or damaged');
  }

  /** Segments stay until their video stands: they are all needed to put it together. */
  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    if (this.#segmentKind !== null) return;
    const drop = (key: string) => this.#deps.store.files.remove(this.#inRun(layout.output(key)));
    await pMap(taskKeys, drop, { concurrency: readsAtOnce });
  }

  watch(signal: AbortSignal): AsyncIterable<HostEvent> {
    return this.#news.watch(signal);
  }

  async stop(drainMs: number): Promise<void> {
    const { runId, jobs, store, clock } = this.#deps;
    await stopQueuedRun({ runId, jobs, stored: this.#stored, store, clock }, drainMs);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#news.end();
    const { jobs, runId, machine, close } = this.#deps;
    if (jobs.redis.status === 'ready') {
      // All of it is here: this process puts it together, and no worker needs to begin the same.
      const isFinished = [...this.#stored.taskKeys].every((key) => this.#news.reported.has(key));
      if (isFinished && this.#isFinalized) await jobs.noteFinishing(runId).catch(() => undefined);
      await jobs.unlockRun(runId, machine).catch(() => undefined);
    }
    await close();
  }

  /** Adds what Redis does not have and no worker has done. A job that failed for good gives its tasks a failed result. */
  async #refill(): Promise<void> {
    const finished = await this.#stored.finishedKeys();
    for (const { kind } of this.#stored.jobs) this.#news.noteKind(kind);
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

  /** Tries again while the store is full, until the run is stopped. */
  async #whenStoreTakes<T>(write: () => Promise<T>): Promise<T> {
    const { clock, store, signal } = this.#deps;
    for (;;) {
      try {
        const written = await write();
        this.#news.noteWait('write', null);
        return written;
      } catch (error) {
        if (!isDiskFull(error) || signal?.aborted) throw error;
        const way = `make room in the store ${store.name}: the run resumes by itself`;
        this.#news.noteWait('write', `${messageOf(error)} ${way}`);
        await clock.sleep(fullStorePauseMs, signal);
      }
    }
  }

  /** Keeps this machine's lock of the run, and adds what Redis lost. */
  async #addAgain(): Promise<void> {
    if (this.#isClosing) return;
    await this.#refill();
    if (this.#isFinalized) await this.#addFinalize();
  }

  #inRun(path: string): string {
    return `${layout.run(this.#deps.runId)}/${path}`;
  }
}
