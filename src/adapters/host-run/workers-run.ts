import { join } from 'node:path';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostEvent, HostObject, HostRun } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import type { EngineSpec, Manifest, ManifestBatch } from '../../protocol/manifest.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import { hasContent } from '../files/has-content.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { placeFile } from '../files/place-file.ts';
import { EventQueue } from './event-queue.ts';
import { HandedOver } from './handed-over.ts';
import type { WorkerProcess } from './worker-process.ts';

/** How often in a row a worker is started again without having finished anything in between. */
const maxFruitlessRestarts = 5;

const resultName = /^([0-9a-f]{64})\.json$/;

/** What a {@link LocalHostRun} is made of. */
export interface LocalHostRunParts {
  readonly root: string;
  readonly runId: string;
  readonly workers: readonly WorkerProcess[];
  readonly clock: Clock;
}

/** A run on this machine. */
export class LocalHostRun implements HostRun {
  readonly #parts: LocalHostRunParts;
  readonly #files: LocalFileStore;
  /** Results that the caller knows of; others are told when a connection was lost in between. */
  readonly #told = new Set<string>();
  /** From then on a worker that ends is not started again. */
  #isStopping = false;
  #earlier: Promise<HandedOver> | null = null;

  constructor(parts: LocalHostRunParts) {
    this.#parts = parts;
    this.#files = new LocalFileStore(join(parts.root, layout.run(parts.runId)));
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const names = await this.#files.list(layout.results);
    const keys = names.flatMap((name) => resultName.exec(name)?.[1] ?? []);
    for (const key of keys) this.#told.add(key);
    return new Set(keys);
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    const bytes = await this.#files.read(layout.result(taskKey));
    if (bytes === null) return null;
    try {
      const result = taskResultSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (result.task_key === taskKey) return result;
    } catch {
      // Damaged, like one that belongs to another task.
    }
    await this.forget([taskKey]);
    return null;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const sha256 of sha256s) {
      if (!(await hasContent(this.#objectPath(sha256), sha256))) missing.add(sha256);
    }
    return missing;
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { path, sha256 } of objects) await placeFile(path, this.#objectPath(sha256), sha256);
  }

  async submit(batch: ManifestBatch, engine: EngineSpec): Promise<{ readonly workerId: number }> {
    const handedOver = await this.#handedOver();
    const parts = handedOver.divide(batch);
    for (const part of parts) {
      const number = handedOver.take(part.workerId, part.batch);
      await this.#submitTo(part.workerId, number, part.batch, engine);
    }
    return { workerId: parts[0]?.workerId ?? 0 };
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    for (const key of taskKeys) {
      await this.#files.remove(layout.result(key));
      this.#told.delete(key);
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const queue = new EventQueue<HostEvent>();
    const stop = () => queue.end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    for (const worker of this.#parts.workers) {
      this.#follow(worker, queue, signal).then(
        () => queue.end(),
        (error: unknown) => queue.end(error),
      );
    }
    try {
      yield* queue;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#parts.workers.map((worker) => worker.stop(drainMs)));
  }

  async close(): Promise<void> {
    // Nothing is held open: every call has a connection of its own.
  }

  /** Tells what one worker does, and keeps it alive, until `signal` aborts. */
  async #follow(worker: WorkerProcess, queue: EventQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    let restarts = 0;
    while (!signal.aborted) {
      let isFresh = true;
      try {
        for await (const event of worker.api.events(signal)) {
          if (isFresh) await this.#tellMissed(queue);
          isFresh = false;
          if (event.type === 'task-finished') restarts = 0;
          this.#tell(event, queue);
        }
      } catch {
        // The connection broke; whether the worker lives is found out below.
      }
      await this.#parts.clock.sleep(100, signal).catch(() => undefined);
      if (signal.aborted || this.#isStopping) return;
      const { isStarted } = await worker.ensureRunning();
      if (isStarted && ++restarts > maxFruitlessRestarts) throw workerKeepsDying(worker);
    }
  }

  #tell(event: WorkerEvent, queue: EventQueue<HostEvent>): void {
    if (event.type === 'status') queue.push({ type: 'worker-status', status: event.status });
    if (event.type === 'task-started') queue.push({ type: 'task-started', taskKey: event.task_key });
    if (event.type !== 'task-finished') return;
    this.#told.add(event.result.task_key);
    queue.push({ type: 'task-finished', result: event.result });
  }

  /** Results that were published while nobody listened. */
  async #tellMissed(queue: EventQueue<HostEvent>): Promise<void> {
    for (const name of await this.#files.list(layout.results)) {
      const key = resultName.exec(name)?.[1];
      if (key === undefined || this.#told.has(key)) continue;
      const result = await this.result(key);
      if (result !== null) this.#tell({ type: 'task-finished', result }, queue);
    }
  }

  async #submitTo(workerId: number, number: number, batch: ManifestBatch, engine: EngineSpec): Promise<void> {
    const path = layout.manifest(workerId, number);
    const manifest: Manifest = {
      version: protocolVersion,
      kind: 'upsample',
      run_id: this.#parts.runId,
      worker_id: workerId,
      engine,
      batches: [batch],
    };
    await this.#files.publish(path, JSON.stringify(manifest));
    await this.#announce(workerId, path);
  }

  /** A worker that is not there reads its manifests when it is started again. */
  async #announce(workerId: number, path: string): Promise<void> {
    const answer = await this.#parts.workers[workerId]?.api
      .post('/process_manifest', { manifest_path: path })
      .catch(() => null);
    if (!answer || answer.status === 202 || answer.status === 503) return;
    throw new AppError({
      code: 'worker-failed',
      message: `The worker refused ${path}: ${answer.body.slice(0, 500)}`,
      hint: 'Worker and program may be of different versions: stop the old worker and resume.',
    });
  }

  /** What this run's manifests say, those of earlier sittings included. */
  #handedOver(): Promise<HandedOver> {
    this.#earlier ??= HandedOver.read(this.#files, this.#parts.workers.length);
    return this.#earlier;
  }

  #objectPath(sha256: string): string {
    return join(this.#parts.root, ...layout.object(sha256).split('/'));
  }
}

function workerKeepsDying(worker: WorkerProcess): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `Worker ${worker.place.workerId} ended ${maxFruitlessRestarts} times in a row without finishing anything.`,
    hint: `Its log lies in ${join(worker.place.root, layout.run(worker.place.runId), layout.logs)}; then resume the run.`,
    isRetryable: true,
  });
}
