import pMap from 'p-map';
import { parseJsonAs } from '../../core/json.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import {
  batchesOf,
  type Manifest,
  manifestSchema,
  type WorkBatch,
  type WorkEngine,
  type WorkTask,
} from '../../protocol/manifest.ts';
import { PublishedResults } from './published-results.ts';

/** Manifests that are read at once. */
const readsAtOnce = 32;

/** Who has a task, since which handing over. */
interface Assignment {
  readonly workerId: number;
  readonly attempt: number;
  /** Number of the manifest that it stands in. */
  readonly index: number;
  /** The engine that the manifest asks for, as JSON. */
  readonly engine: string;
}

/** How a batch is divided: what goes into new manifests, and what stands in manifests that are there already. */
interface BatchDivision {
  readonly parts: readonly BatchPart[];
  readonly held: readonly { readonly workerId: number; readonly index: number }[];
}

/** A part of a batch, for one worker. */
export interface BatchPart {
  readonly workerId: number;
  readonly batch: WorkBatch;
}

/** A manifest on the host; null where its file is damaged. */
interface StoredManifest {
  readonly workerId: number;
  readonly index: number;
  readonly manifest: Manifest | null;
}

/** Which worker has which tasks, and what the next manifest of each is called. */
export class TaskAssignments {
  readonly #holdings = new Map<string, Assignment>();
  readonly #nextNumbers: number[];
  /** Tasks given to each worker in this sitting. */
  readonly #givenTasks: number[];
  /** Workers that get nothing any more. */
  readonly #dead = new Set<number>();

  constructor(workers: number) {
    this.#nextNumbers = Array.from({ length: workers }, () => 0);
    this.#givenTasks = Array.from({ length: workers }, () => 0);
  }

  /**
   * Reads the manifests that earlier sittings of the run left. What was given to another worker, and was to go from the
   * first one's manifests when that sitting ended, goes now: call this before any worker starts.
   */
  static async read(files: FileStore, workers: number): Promise<TaskAssignments> {
    const handedOver = new TaskAssignments(workers);
    const filed = await readManifests(files);
    for (const manifest of filed) handedOver.#note(manifest);
    const outdated = filed.filter(({ workerId, manifest }) =>
      tasksOf(manifest).some((task) => handedOver.#isSuperseded(workerId, task)),
    );
    if (outdated.length === 0) return handedOver;
    const finished = new Set(await new PublishedResults(files).keys());
    for (const { workerId, index, manifest } of outdated) {
      const isOver = (task: AssignedTask) =>
        finished.has(task.taskKey) || handedOver.#isSuperseded(workerId, task);
      await withdraw(files, { workerId, index, manifest }, isOver);
    }
    return handedOver;
  }

  /** Whether a worker gets work. */
  isAlive(workerId: number): boolean {
    return !this.#dead.has(workerId);
  }

  /** Whether a worker was given anything in this sitting. */
  hasWork(workerId: number): boolean {
    return (this.#givenTasks[workerId] ?? 0) > 0;
  }

  /** How many workers get work. */
  get aliveCount(): number {
    return this.#givenTasks.length - this.#dead.size;
  }

  /** The worker gets nothing any more. */
  markDead(workerId: number): void {
    this.#dead.add(workerId);
  }

  /**
   * Divides a batch among workers: tasks that a living worker has already stay with that one, because a second one would
   * do them twice, and need no new manifest when they are to be done by the same engine; the others go to whichever was
   * given least. A task that a dead one had carries a higher attempt.
   */
  divide(batch: WorkBatch, engine: WorkEngine): BatchDivision {
    const idlest = this.#idlest();
    const engineText = JSON.stringify(engine);
    const held = new Map<string, { workerId: number; index: number }>();
    const open: WorkTask[] = [];
    for (const task of batch.tasks) {
      const holding = this.#holdings.get(task.task_key);
      const isHeld = holding?.engine === engineText && this.isAlive(holding.workerId);
      if (isHeld) held.set(`${holding.workerId}/${holding.index}`, holding);
      else open.push(task);
    }
    const groups = Map.groupBy(open, ({ task_key: key }) => {
      const holder = this.#holdings.get(key)?.workerId;
      return holder !== undefined && this.isAlive(holder) ? holder : idlest;
    });
    const parts = Array.from(groups, ([workerId, tasks]) => {
      const attempt = Math.max(...tasks.map(({ task_key: key }) => this.#attemptFor(key, workerId)));
      return { workerId, batch: attempt > 1 ? { ...batch, attempt, tasks } : { ...batch, tasks } };
    });
    return { parts, held: [...held.values()] };
  }

  /** Number of the worker's next manifest, which will hold this batch. */
  assign({ workerId, batch }: BatchPart, engine: WorkEngine): number {
    const index = this.#nextNumbers[workerId] ?? 0;
    const holding = { workerId, attempt: batch.attempt ?? 1, index, engine: JSON.stringify(engine) };
    for (const { task_key: key } of batch.tasks) this.#holdings.set(key, holding);
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + batch.tasks.length;
    this.#nextNumbers[workerId] = index + 1;
    return index;
  }

  /** Notes that a worker is to go on with what it was given in an earlier sitting. */
  noteResumed(workerId: number): void {
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + 1;
  }

  #idlest(): number {
    const given = this.#givenTasks.map((tasks, workerId) =>
      this.isAlive(workerId) ? tasks : Number.POSITIVE_INFINITY,
    );
    return given.indexOf(Math.min(...given));
  }

  #attemptFor(taskKey: string, workerId: number): number {
    const holding = this.#holdings.get(taskKey);
    if (!holding) return 1;
    return holding.workerId === workerId ? holding.attempt : holding.attempt + 1;
  }

  #note({ workerId, index, manifest }: StoredManifest): void {
    if (workerId >= this.#nextNumbers.length) return;
    this.#nextNumbers[workerId] = Math.max(this.#nextNumbers[workerId] ?? 0, index + 1);
    const engine = JSON.stringify(manifest?.engine);
    for (const { taskKey, attempt } of tasksOf(manifest)) {
      if (attempt >= (this.#holdings.get(taskKey)?.attempt ?? 0))
        this.#holdings.set(taskKey, { workerId, attempt, index, engine });
    }
  }

  #isSuperseded(workerId: number, { taskKey, attempt }: AssignedTask): boolean {
    const holding = this.#holdings.get(taskKey);
    return holding !== undefined && holding.workerId !== workerId && holding.attempt > attempt;
  }
}

/** A task in a manifest. */
interface AssignedTask {
  readonly taskKey: string;
  readonly attempt: number;
}

function tasksOf(manifest: Manifest | null): AssignedTask[] {
  return batchesOf(manifest).flatMap(({ tasks, attempt = 1 }) =>
    tasks.map(({ task_key: taskKey }) => ({ taskKey, attempt })),
  );
}

/** Takes tasks out of a manifest; one with nothing left goes. */
async function withdraw(
  files: FileStore,
  { workerId, index, manifest }: StoredManifest,
  isOver: (task: AssignedTask) => boolean,
): Promise<void> {
  const path = layout.manifest(workerId, index);
  const batches = batchesOf(manifest).flatMap((batch) => {
    const { attempt = 1 } = batch;
    const tasks = batch.tasks.filter(({ task_key: taskKey }) => !isOver({ taskKey, attempt }));
    return tasks.length === 0 ? [] : [{ ...batch, tasks }];
  });
  if (batches.length === 0) await files.remove(path);
  else await files.publish(path, JSON.stringify({ ...manifest, batches }));
}

/** All manifests of a run, or of one of its workers, in order. */
export async function readManifests(files: FileStore, ofWorker?: number): Promise<StoredManifest[]> {
  const names = (await files.list(layout.manifests)).flatMap((name) => parseManifestName(name) ?? []);
  const wanted = names.filter(({ workerId }) => ofWorker === undefined || workerId === ofWorker);
  const read = async ({ workerId, index }: { readonly workerId: number; readonly index: number }) => {
    const content = await files.read(layout.manifest(workerId, index));
    return { workerId, index, manifest: content && parseJsonAs(manifestSchema, content) };
  };
  const found = await pMap(wanted, read, { concurrency: readsAtOnce });
  return found.sort((a, b) => a.index - b.index);
}
