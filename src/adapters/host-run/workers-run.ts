import pMap from 'p-map';
import { AsyncQueue } from '../../async/async-queue.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { HostEvent, HostObject, HostRun } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, type WorkBatch, type WorkEngine, workKindOf } from '../../protocol/manifest.ts';
import type { SegmentFacts } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { followWorker } from './follow-worker.ts';
import { ManifestNotifier } from './manifest-notifier.ts';
import type { ObjectStore } from './object-store.ts';
import { PublishedResults } from './published-results.ts';
import type { RunWorker } from './run-workers.ts';
import type { SegmentStore } from './segment-shelf.ts';
import { stopWorkers } from './stop-workers.ts';
import { type BatchPart, readManifests, type TaskAssignments } from './task-assignments.ts';

/** Files of a run that are read at once: a far host answers all of them in the time of one. */
const readsAtOnce = 32;

/** Tells whether the host can be reached. */
interface ReachabilitySource {
  /** Calls back at every change, until the returned function is called. */
  onChange(
    listener: (change: { readonly isReachable: boolean; readonly message: string }) => void,
  ): () => void;
}

/** What a {@link WorkersRun} is made of. */
interface WorkersRunDeps {
  readonly runId: string;
  /** The run folder. */
  readonly files: FileStore;
  readonly objects: ObjectStore;
  readonly segments: SegmentStore;
  readonly workers: readonly RunWorker[];
  readonly assignments: TaskAssignments;
  readonly clock: Clock;
  /** Missing for a host that is always there: this machine. */
  readonly reachability?: ReachabilitySource;
  /** Lets go of what the host holds open for the run. */
  close(): Promise<void>;
}

/** A run on a host that is a folder and some workers, wherever they are. */
export class WorkersRun implements HostRun {
  readonly #parts: WorkersRunDeps;
  readonly #results: PublishedResults;
  readonly #announcer: ManifestNotifier;
  /** Results that the caller knows of; others are told when a connection was lost in between. */
  readonly #told = new Set<string>();
  /** The present look for results that were missed, and the one after it. */
  #looking: Promise<void> = Promise.resolve();
  #nextLook: Promise<void> | null = null;
  /** From then on a worker that ends is not started again. */
  #isStopping = false;

  constructor(parts: WorkersRunDeps) {
    this.#parts = parts;
    this.#results = new PublishedResults(parts.files);
    this.#announcer = new ManifestNotifier(parts.workers);
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const keys = await this.#results.keys();
    for (const key of keys) this.#told.add(key);
    return new Set(keys);
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    const result = await this.#results.read(taskKey);
    if (result === null) this.#told.delete(taskKey);
    return result;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return await this.#parts.objects.missing(sha256s);
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    await this.#parts.objects.deliver(objects);
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: number }> {
    const { assignments: handedOver } = this.#parts;
    const { parts, held } = handedOver.divide(batch, engine);
    // All numbers are taken before the first wait, so that batches handed over side by side do not share one.
    const numbered = parts.map((part) => ({ ...part, index: handedOver.assign(part, engine) }));
    const reminders = held.map(async ({ workerId, index }) => {
      handedOver.noteResumed(workerId);
      await this.#announcer.notify(workerId, layout.manifest(workerId, index));
    });
    await Promise.all([...reminders, ...numbered.map((part) => this.#handTo(part, part.index, engine))]);
    return { workerId: (parts[0] ?? held[0])?.workerId ?? 0 };
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    const forget = async (key: string) => {
      await this.#results.remove(key);
      this.#told.delete(key);
    };
    await pMap(taskKeys, forget, { concurrency: readsAtOnce });
  }

  async downloadSegment(
    taskKey: string,
    expected: Pick<SegmentFacts, 'sha256' | 'size_bytes'>,
    path: string,
  ): Promise<void> {
    await this.#parts.segments.download(taskKey, expected, path);
  }

  async dropSegments(taskKeys: readonly string[]): Promise<void> {
    const drop = (key: string) => this.#parts.files.remove(layout.segment(key));
    await pMap(taskKeys, drop, { concurrency: readsAtOnce });
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const queue = new AsyncQueue<HostEvent>();
    const stop = () => queue.end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const unsubscribe = this.#parts.reachability?.onChange(({ isReachable, message }) =>
      queue.push(isReachable ? { type: 'reachable' } : { type: 'unreachable', message }),
    );
    Promise.all(this.#parts.workers.map((worker) => this.#follow(worker, queue, signal))).then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    );
    try {
      yield* queue;
    } finally {
      unsubscribe?.();
      signal.removeEventListener('abort', stop);
    }
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    await stopWorkers(this.#parts.workers, drainMs);
  }

  async close(): Promise<void> {
    // A last word: what a worker did not hear of it would find by itself only later.
    if (!this.#isStopping) {
      const again = this.#parts.workers.map(({ workerId }) => this.#announcer.notifyUndelivered(workerId));
      await Promise.allSettled(again);
    }
    await this.#parts.close();
  }

  /** Tells what one worker does until `signal` aborts; gives its work to the others when it cannot be kept alive. */
  async #follow(worker: RunWorker, queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    try {
      await followWorker(worker, {
        clock: this.#parts.clock,
        signal,
        mayRestart: () => !this.#isStopping,
        onConnected: async () => {
          await this.#announcer.notifyUndelivered(worker.workerId);
          await this.#tellMissed(queue);
        },
        onEvent: (event) => {
          if (event.type === 'status') {
            this.#assertUsable(worker, event.status);
            queue.push({ type: 'worker-status', status: event.status });
            this.#announcer.notifyUndelivered(worker.workerId).catch((error: unknown) => queue.end(error));
          }
          if (event.type === 'task-started') queue.push({ type: 'task-started', taskKey: event.task_key });
          if (event.type === 'task-progress') {
            const { task_key: taskKey, done_parts: doneParts, total_parts: totalParts } = event;
            queue.push({ type: 'task-progress', taskKey, doneParts, totalParts });
          }
          if (event.type === 'task-finished') this.#tell(event.result, queue);
        },
      });
    } catch (error) {
      const isOnlyThisOne = error instanceof AppError && error.code === 'worker-failed';
      if (!isOnlyThisOne || this.#parts.assignments.aliveCount <= 1) throw error;
      await this.#replace(worker);
    }
  }

  /** A worker that can do nothing more is as good as dead, as long as another one may be better off. */
  #assertUsable({ workerId }: RunWorker, { status, is_fatal: isFatal, message }: WorkerStatus): void {
    const { assignments: handedOver } = this.#parts;
    if (status !== 'failed' || !isFatal || !handedOver.hasWork(workerId) || handedOver.aliveCount <= 1)
      return;
    throw new AppError({ code: 'worker-failed', message: message ?? `Worker ${workerId} has failed.` });
  }

  /**
   * Gives a dead worker's unfinished batches to the others. The new manifest is there before the old one goes, and
   * carries a higher attempt: whoever reads both after a crash in between knows which one holds.
   */
  async #replace(worker: RunWorker): Promise<void> {
    const { assignments: handedOver, files } = this.#parts;
    handedOver.markDead(worker.workerId);
    await worker.kill();
    const finished = new Set(await this.#results.keys());
    for (const { index, manifest } of await readManifests(files, worker.workerId)) {
      for (const batch of batchesOf(manifest)) {
        const tasks = batch.tasks.filter(({ task_key: key }) => !finished.has(key));
        if (manifest && tasks.length > 0) await this.submit({ ...batch, tasks }, manifest.engine);
      }
      if (manifest) await files.remove(layout.manifest(worker.workerId, index));
    }
  }

  #tell(result: TaskResult, queue: AsyncQueue<HostEvent>): void {
    this.#told.add(result.task_key);
    queue.push({ type: 'task-finished', result });
  }

  /**
   * Results that were published while nobody listened. One look serves all workers: whoever asks while one goes on gets
   * another one after it.
   */
  #tellMissed(queue: AsyncQueue<HostEvent>): Promise<void> {
    this.#nextLook ??= this.#lookNext(queue);
    return this.#nextLook;
  }

  async #lookNext(queue: AsyncQueue<HostEvent>): Promise<void> {
    await this.#looking.catch(() => undefined);
    this.#nextLook = null;
    this.#looking = this.#lookForMissed(queue);
    await this.#looking;
  }

  async #lookForMissed(queue: AsyncQueue<HostEvent>): Promise<void> {
    const missed = (await this.#results.keys()).filter((key) => !this.#told.has(key));
    const read = async (key: string) => {
      if (this.#told.has(key)) return;
      const result = await this.#results.read(key);
      if (result !== null && !this.#told.has(key)) this.#tell(result, queue);
    };
    await pMap(missed, read, { concurrency: readsAtOnce });
  }

  async #handTo({ workerId, batch }: BatchPart, index: number, engine: WorkEngine): Promise<void> {
    const path = layout.manifest(workerId, index);
    const manifest = {
      version: protocolVersion,
      kind: workKindOf(engine),
      run_id: this.#parts.runId,
      worker_id: workerId,
      engine,
      batches: [batch],
    };
    await this.#parts.files.publish(path, JSON.stringify(manifest));
    // A worker that died meanwhile has had its manifests read already: this one would never be.
    if (this.#parts.assignments.isAlive(workerId)) await this.#announcer.notify(workerId, path);
    else await this.#handAgain({ workerId, batch }, path, engine);
  }

  async #handAgain({ batch }: BatchPart, path: string, engine: WorkEngine): Promise<void> {
    await this.submit(batch, engine);
    await this.#parts.files.remove(path);
  }
}
