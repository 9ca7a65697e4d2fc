import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { z } from 'zod';
import { parseForeignJsonAs } from '../../core/json.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, type WorkBatch, type WorkEngine, workKindOf } from '../../protocol/manifest.ts';
import { type JobKind, jobFileSchema } from '../../protocol/queue.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { PublishedResults } from '../host-run/published-results.ts';

const readsAtOnce = 32;

/** A job as the store has it. */
interface StoredJob {
  readonly jobId: string;
  readonly kind: JobKind;
  /** The engine, as JSON. */
  readonly engine: string;
  readonly taskKeys: readonly string[];
}

/** The jobs of a run in the store: which tasks are in which. A task is in one job only. */
export class StoredJobs {
  readonly #store: SharedStore;
  readonly #runId: string;
  readonly #results: PublishedResults;
  readonly #byId = new Map<string, StoredJob>();
  readonly #byTask = new Map<string, StoredJob>();

  private constructor(store: SharedStore, runId: string) {
    this.#store = store;
    this.#runId = runId;
    this.#results = new PublishedResults(subStore(store.files, layout.run(runId)));
  }

  static async read(store: SharedStore, runId: string): Promise<StoredJobs> {
    const stored = new StoredJobs(store, runId);
    const folder = `${layout.run(runId)}/${layout.jobs}`;
    const read = async (name: string) => {
      const file = await readJobFile(store, `${folder}/${name}`);
      if (file === null) return;
      const tasks = batchesOf(file).flatMap((batch) => batch.tasks);
      stored.#note({
        jobId: name.replace(/\.json$/, ''),
        kind: file.kind,
        engine: JSON.stringify(file.engine),
        taskKeys: tasks.map(({ task_key: key }) => key),
      });
    };
    await pMap(await store.files.list(folder), read, { concurrency: readsAtOnce });
    return stored;
  }

  get results(): PublishedResults {
    return this.#results;
  }

  get taskKeys(): ReadonlySet<string> {
    return new Set(this.#byTask.keys());
  }

  get jobs(): readonly StoredJob[] {
    return [...this.#byId.values()];
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    return new Set(await this.#results.keys(this.#byTask));
  }

  /** Jobs with tasks that have no result. */
  openJobs(finished: ReadonlySet<string>): readonly StoredJob[] {
    return this.jobs.filter(({ taskKeys }) => taskKeys.some((key) => !finished.has(key)));
  }

  jobOf(taskKey: string): StoredJob | null {
    return this.#byTask.get(taskKey) ?? null;
  }

  /** Makes tasks that are in no job a job, durably. */
  async add(batch: WorkBatch, engine: WorkEngine): Promise<StoredJob> {
    const engineText = JSON.stringify(engine);
    const taskKeys = batch.tasks.map(({ task_key: key }) => key);
    const hash = createHash('sha256').update(JSON.stringify([this.#runId, engineText, taskKeys]));
    const jobId = `${this.#runId}.${hash.digest('hex').slice(0, 24)}`;
    const kind = workKindOf(engine);
    const owner = { version: protocolVersion, run_id: this.#runId, worker_id: 0 };
    await this.#store.files.publish(
      this.#pathOf(jobId),
      JSON.stringify({ ...owner, kind, engine, batches: [batch] }),
    );
    const job = { jobId, kind, engine: engineText, taskKeys };
    this.#note(job);
    return job;
  }

  async remove({ jobId, taskKeys }: StoredJob): Promise<void> {
    await this.#store.files.remove(this.#pathOf(jobId));
    this.#byId.delete(jobId);
    for (const key of taskKeys) if (this.#byTask.get(key)?.jobId === jobId) this.#byTask.delete(key);
  }

  async removeAll(): Promise<void> {
    await pMap(this.jobs, (job) => this.remove(job), { concurrency: readsAtOnce });
  }

  #pathOf(jobId: string): string {
    return `${layout.run(this.#runId)}/${layout.job(jobId)}`;
  }

  #note(job: StoredJob): void {
    this.#byId.set(job.jobId, job);
    for (const key of job.taskKeys) this.#byTask.set(key, job);
  }
}

/** A job's file; null where there is none, or a damaged one, or something else in its place. */
async function readJobFile(store: SharedStore, path: string): Promise<z.infer<typeof jobFileSchema> | null> {
  try {
    const bytes = await store.files.read(path);
    return bytes && parseForeignJsonAs(jobFileSchema, bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A folder of a store as a store of its own. */
function subStore(files: ExclusiveFileStore, folder: string): ExclusiveFileStore {
  const inside = (path: string) => `${folder}/${path}`;
  return {
    publish: (path, content) => files.publish(inside(path), content),
    publishOnce: (path, content, isValid) => files.publishOnce(inside(path), content, isValid),
    read: (path, maxBytes) => files.read(inside(path), maxBytes),
    list: (path, isWanted) => files.list(inside(path), isWanted),
    remove: (path) => files.remove(inside(path)),
  };
}
