import pMap from 'p-map';
import { z } from 'zod';
import { onAbort } from '../../async/abort.ts';
import { Mutex } from '../../async/limits.ts';
import { AsyncQueue } from '../../async/queues.ts';
import { TaskKeySet } from '../../core/hash-rows.ts';
import { parseForeignJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { HostEvent, HostObject, MachineRun } from '../../ports/host.ts';
import { taskKeySchema } from '../../protocol/identifiers.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, type WorkBatch, type WorkEngine } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { statusWithBoundedTexts, withBoundedTexts } from './bounded-texts.ts';
import { followWorker } from './follow-worker.ts';
import { ManifestNotifier } from './manifest-notifier.ts';
import { type ManifestContent, ManifestPublisher } from './manifest-publisher.ts';
import { PublishedResults } from './published-results.ts';
import { type RunWorker, stopWorkers } from './run-workers.ts';
import type { DownloadOutput, ObjectStore } from './stores.ts';
import { outlineManifests, readManifest, type TaskAssignments } from './task-assignments.ts';

/** Files of a run that are read at once: a far host answers all of them in the time of one. */
const readsAtOnce = 32;

/** Events that wait to be looked at: of more, what only tells how things stand is left out, and results have to wait. */
const mostWaiting = 32;

const mostForeign = 10_000;

const withdrawAnswerSchema = z.object({ withdrawn: z.array(taskKeySchema) });

interface WorkersRunDeps {
  readonly runId: string;
  /** The run folder. */
  readonly files: FileStore;
  readonly objects: ObjectStore;
  readonly downloadOutput: DownloadOutput;
  readonly workers: readonly RunWorker[];
  readonly assignments: TaskAssignments;
  readonly clock: Clock;
  /** Calls back whenever the host is lost or found again, until the returned function is called. */
  onReachability(
    listener: (change: { readonly isReachable: boolean; readonly message: string }) => void,
  ): () => void;
  /** Releases what the host holds open for the run. */
  close(): Promise<void>;
}

/** A run on a host that is a folder and some workers, wherever they are. */
export class WorkersRun implements MachineRun {
  readonly #deps: WorkersRunDeps;
  readonly #results: PublishedResults;
  readonly #notifier: ManifestNotifier;
  readonly #manifests: ManifestPublisher;
  /** Tasks whose result the caller knows of. */
  readonly #reported = new TaskKeySet();
  /** The scan for missed results that runs, and the one that waits for it. */
  #scan: Promise<void> = Promise.resolve();
  #nextScan: Promise<void> | null = null;
  /** Results that were told of tasks which this client did not submit. */
  #foreignResults = 0;
  readonly #withdrawing = new Mutex();
  /** From then on a worker that ends is not started again. */
  #isStopping = false;

  constructor(deps: WorkersRunDeps) {
    this.#deps = deps;
    this.#results = new PublishedResults(deps.files);
    this.#notifier = new ManifestNotifier(deps.workers);
    this.#manifests = new ManifestPublisher({
      ...deps,
      onPublished: (workerId, path, content) => this.#onManifest(workerId, path, content),
    });
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const keys = await this.#results.keys(this.#deps.assignments);
    for (const key of keys) this.#reported.add(key);
    return new Set(keys);
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    const result = await this.#results.read(taskKey);
    if (result === null) this.#reported.delete(taskKey);
    return result;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return await this.#deps.objects.missing(sha256s);
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    await this.#deps.objects.deliver(objects);
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: number }> {
    const { assignments } = this.#deps;
    const { parts, held } = assignments.divide(batch, engine);
    // All are assigned before the first wait, so that batches submitted side by side do not share a task.
    const submitted = parts.map((part) => this.#manifests.publish(part, engine));
    const resumed = held.map(async ({ workerId, index }) => {
      assignments.noteResumed(workerId);
      await this.#notifier.notify(workerId, layout.manifest(workerId, index));
    });
    await Promise.all([...resumed, ...submitted]);
    return { workerId: (parts[0] ?? held[0])?.workerId ?? 0 };
  }

  /** Workers keep what they were given. */
  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const holders = this.#deps.assignments.holdersOf(taskKeys);
    const withdrawn = Array.from(holders, ([workerId, keys]) =>
      this.#withdrawing.run(() => this.#withdrawFrom(workerId, keys)),
    );
    return new Set((await Promise.all(withdrawn)).flat());
  }

  async submittedKeys(): Promise<ReadonlySet<string>> {
    return this.#deps.assignments.keys;
  }

  async allSubmitted(): Promise<void> {
    // Every batch is with a worker already.
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    const forget = async (key: string) => {
      await this.#results.remove(key);
      // Whatever lies there, the task's next output can take its place.
      await this.#deps.files.remove(layout.output(key));
      this.#reported.delete(key);
    };
    await pMap(taskKeys, forget, { concurrency: readsAtOnce });
  }

  async downloadOutput(...output: Parameters<DownloadOutput>): Promise<void> {
    await this.#deps.downloadOutput(...output);
  }

  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    const drop = (key: string) => this.#deps.files.remove(layout.output(key));
    await pMap(taskKeys, drop, { concurrency: readsAtOnce });
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const queue = new AsyncQueue<HostEvent>();
    const stopListening = onAbort(signal, () => queue.end());
    const unsubscribe = this.#deps.onReachability(({ isReachable, message }) =>
      queue.push(isReachable ? { type: 'reachable' } : { type: 'unreachable', message }),
    );
    Promise.all(this.#deps.workers.map((worker) => this.#follow(worker, queue, signal))).then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    );
    try {
      yield* queue;
    } finally {
      unsubscribe();
      stopListening();
    }
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    await stopWorkers(this.#deps.workers, drainMs);
  }

  async close(): Promise<void> {
    // A worker whose notification did not arrive would find its manifest only when it is started again.
    if (!this.#isStopping) {
      const repeated = this.#deps.workers.map(({ workerId }) => this.#notifier.notifyUndelivered(workerId));
      await Promise.allSettled(repeated);
    }
    await this.#deps.close();
  }

  /** The worker drops them first: what it may have started stays in its manifests. */
  async #withdrawFrom(workerId: number, taskKeys: readonly string[]): Promise<readonly string[]> {
    const { workers, assignments, files } = this.#deps;
    // A manifest that it knows nothing of, it would find by itself later.
    await this.#notifier.notifyUndelivered(workerId);
    const answer = await workers[workerId]?.api
      .post('/withdraw', { task_keys: taskKeys })
      .catch((error: unknown) => {
        if (error instanceof AppError) throw error;
        return null;
      });
    // A worker of an older version takes nothing back.
    const dropped = answer?.status === 200 ? parseForeignJsonAs(withdrawAnswerSchema, answer.body) : null;
    const asked = new Set(taskKeys);
    const withdrawn = dropped?.withdrawn.filter((key) => asked.has(key)) ?? [];
    if (withdrawn.length > 0) await assignments.withdraw(files, workerId, withdrawn);
    return withdrawn;
  }

  /** Passes on one worker's events until `signal` aborts; gives its work to the others when it cannot be kept running. */
  async #follow(worker: RunWorker, queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    try {
      await followWorker(worker, {
        clock: this.#deps.clock,
        signal,
        mayRestart: () => !this.#isStopping,
        onConnected: async () => {
          await this.#notifier.notifyUndelivered(worker.workerId);
          await this.#reportMissed(queue);
        },
        onEvent: (event) => this.#pass(event, worker, queue),
      });
    } catch (error) {
      const isOnlyThisWorker = error instanceof AppError && error.code === 'worker-failed';
      if (!isOnlyThisWorker || this.#deps.assignments.aliveCount <= 1) throw error;
      await this.#replace(worker);
    }
  }

  async #pass(event: WorkerEvent, worker: RunWorker, queue: AsyncQueue<HostEvent>): Promise<void> {
    const isFull = queue.waitingCount >= mostWaiting;
    if (event.type === 'status') {
      const status = { ...statusWithBoundedTexts(event.status), worker_id: worker.workerId };
      this.#assertUsable(worker, status);
      if (status.is_fatal) await queue.room(mostWaiting);
      if (!isFull || status.is_fatal) queue.push({ type: 'worker-status', status });
      this.#notifier.notifyUndelivered(worker.workerId).catch((error: unknown) => queue.end(error));
    } else if (event.type === 'task-finished') await this.#passResult(event.result, queue);
    else if (isFull) return;
    else if (event.type === 'task-started') queue.push({ type: event.type, taskKey: event.task_key });
    else {
      const { type, task_key: taskKey, done_parts: doneParts, total_parts: totalParts } = event;
      queue.push({ type, taskKey, doneParts, totalParts });
    }
  }

  /** Once: a worker may tell the same again and again. Another client may have submitted tasks, but not any number. */
  async #passResult(result: TaskResult, queue: AsyncQueue<HostEvent>): Promise<void> {
    const { task_key: key } = result;
    if (this.#reported.has(key)) return;
    if (!this.#deps.assignments.has(key) && ++this.#foreignResults > mostForeign) return;
    this.#report(withBoundedTexts(result), queue);
    await queue.room(mostWaiting);
  }

  /**
   * A worker that can do nothing more counts as dead, as long as another worker may do better. The cause that its failures
   * share is that of the others', too.
   */
  #assertUsable({ workerId }: RunWorker, { status, is_fatal: isFatal, code, message }: WorkerStatus): void {
    const { assignments } = this.#deps;
    const isUseless = status === 'failed' && isFatal && code !== 'failures-repeated';
    if (!isUseless || !assignments.hasWork(workerId) || assignments.aliveCount <= 1) return;
    throw new AppError({ code: 'worker-failed', message: message ?? `Worker ${workerId} has failed.` });
  }

  /**
   * Gives a dead worker's unfinished batches to the others. The new manifest is published before the old one is removed,
   * and carries a higher attempt, so that a reader of both, after a crash in between, knows which one holds.
   */
  async #replace(worker: RunWorker): Promise<void> {
    const { assignments, files } = this.#deps;
    assignments.markDead(worker.workerId);
    await worker.kill();
    const finished = new Set(await this.#results.keys(this.#deps.assignments));
    for (const place of await outlineManifests(files, worker.workerId)) {
      const manifest = await readManifest(files, place);
      for (const batch of batchesOf(manifest)) {
        const tasks = batch.tasks.filter(({ task_key: key }) => !finished.has(key));
        if (manifest && tasks.length > 0) await this.submit({ ...batch, tasks }, manifest.engine);
      }
      if (manifest) await files.remove(layout.manifest(worker.workerId, place.index));
    }
  }

  #report(result: TaskResult, queue: AsyncQueue<HostEvent>): void {
    this.#reported.add(result.task_key);
    queue.push({ type: 'task-finished', result });
  }

  /**
   * Reports results that were published while no stream was open. A scan that has started may have missed a later result,
   * so a request gets the scan after it; one scan serves all workers that wait for it.
   */
  #reportMissed(queue: AsyncQueue<HostEvent>): Promise<void> {
    this.#nextScan ??= this.#scan
      .catch(() => undefined)
      .then(() => {
        this.#nextScan = null;
        this.#scan = this.#scanForMissed(queue);
        return this.#scan;
      });
    return this.#nextScan;
  }

  async #scanForMissed(queue: AsyncQueue<HostEvent>): Promise<void> {
    const keys = await this.#results.keys(this.#deps.assignments);
    const missed = keys.filter((key) => !this.#reported.has(key));
    const read = async (key: string) => {
      if (this.#reported.has(key)) return;
      const result = await this.#results.read(key);
      if (result !== null && !this.#reported.has(key)) this.#report(result, queue);
      await queue.room(mostWaiting);
    };
    await pMap(missed, read, { concurrency: readsAtOnce });
  }

  async #onManifest(workerId: number, path: string, { engine, batches }: ManifestContent): Promise<void> {
    const { files, assignments } = this.#deps;
    if (assignments.isAlive(workerId)) return await this.#notifier.notify(workerId, path);
    // The worker died meanwhile, and its manifests were read before this one was there.
    for (const batch of batches) await this.submit(batch, engine);
    await files.remove(path);
  }
}
