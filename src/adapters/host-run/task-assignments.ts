import pMap from 'p-map';
import { parseForeignJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import { type FileStore, mostSharedBytes } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import {
  batchesOf,
  type Manifest,
  manifestSchema,
  type WorkBatch,
  type WorkEngine,
  type WorkTask,
} from '../../protocol/manifest.ts';
import { canaryName } from '../../protocol/segment.ts';
import { PublishedResults } from './published-results.ts';

const readsAtOnce = 32;

/** Far more than a run has. What a host says of further ones must not fill this machine's memory. */
const mostTasks = 20_000_000;

/** Which worker has a task, and by which manifest. */
interface Assignment {
  readonly workerId: number;
  readonly attempt: number;
  readonly index: number;
  /** The engine that the manifest asks for, as JSON. */
  readonly engine: string;
  /** Earlier manifests of the worker that have the task, too. */
  readonly olderIndexes: readonly number[];
}

/** How a batch is divided: what goes into new manifests, and which manifests have the rest already. */
interface BatchDivision {
  readonly parts: readonly BatchPart[];
  readonly held: readonly Pick<Assignment, 'workerId' | 'index'>[];
}

export interface BatchPart {
  readonly workerId: number;
  readonly batch: WorkBatch;
}

/** Which manifest of which worker. */
interface ManifestPlace {
  readonly workerId: number;
  readonly index: number;
}

/** What is remembered of a manifest on the host. */
export interface ManifestOutline extends ManifestPlace {
  /** As JSON; undefined where its file is damaged. */
  readonly engine: string | undefined;
  readonly tasks: readonly AssignedTask[];
}

/** Which worker has which tasks, and the number of the next manifest of each worker. */
export class TaskAssignments {
  readonly #assignments = new Map<string, Assignment>();
  readonly #nextNumbers: number[];
  /** Tasks given to each worker by this session. */
  readonly #givenTasks: number[];
  /** Workers that get no more tasks. */
  readonly #dead = new Set<number>();

  constructor(workers: number) {
    this.#nextNumbers = Array.from({ length: workers }, () => 0);
    this.#givenTasks = Array.from({ length: workers }, () => 0);
  }

  /**
   * Reads the manifests of earlier sessions of the run. A session may have ended after it gave a dead worker's tasks to
   * another worker, and before it removed them from the dead one's manifests: they are removed now. Call this before
   * any worker starts.
   */
  static async read(files: FileStore, workers: number): Promise<TaskAssignments> {
    const assignments = new TaskAssignments(workers);
    const stored = await outlineManifests(files);
    for (const manifest of stored) assignments.#note(manifest);
    const outdated = stored.filter(({ workerId, tasks }) =>
      tasks.some((task) => assignments.#isSuperseded(workerId, task)),
    );
    if (outdated.length === 0) return assignments;
    const finished = new Set(await new PublishedResults(files).keys(assignments));
    for (const place of outdated) {
      await removeTasks(
        files,
        place,
        (task) => finished.has(task.taskKey) || assignments.#isSuperseded(place.workerId, task),
      );
    }
    return assignments;
  }

  /** Whether some worker has the task. */
  has(taskKey: string): boolean {
    return this.#assignments.has(taskKey);
  }

  /** Whether a worker gets tasks. */
  isAlive(workerId: number): boolean {
    return !this.#dead.has(workerId);
  }

  /** Whether a worker was given a task by this session. */
  hasWork(workerId: number): boolean {
    return (this.#givenTasks[workerId] ?? 0) > 0;
  }

  get aliveCount(): number {
    return this.#givenTasks.length - this.#dead.size;
  }

  markDead(workerId: number): void {
    this.#dead.add(workerId);
  }

  /**
   * Divides a batch among workers. A task stays with a living worker that has it, because a second worker would do it
   * twice; it needs no new manifest when the engine is the same. All other tasks go to the worker that was given least.
   * A task that a dead worker had carries a higher attempt.
   */
  divide(batch: WorkBatch, engine: WorkEngine): BatchDivision {
    const leastLoaded = this.#leastLoaded();
    const engineText = JSON.stringify(engine);
    const held = new Map<string, Assignment>();
    const open: WorkTask[] = [];
    for (const task of batch.tasks) {
      const assignment = this.#assignments.get(task.task_key);
      if (assignment?.engine === engineText && this.isAlive(assignment.workerId))
        held.set(`${assignment.workerId}/${assignment.index}`, assignment);
      else open.push(task);
    }
    const groups = Map.groupBy(open, ({ task_key: key }) => {
      const holder = this.#assignments.get(key)?.workerId;
      return holder !== undefined && this.isAlive(holder) ? holder : leastLoaded;
    });
    const parts = Array.from(groups, ([workerId, tasks]) => {
      const attempt = Math.max(...tasks.map(({ task_key: key }) => this.#attemptFor(key, workerId)));
      return { workerId, batch: attempt > 1 ? { ...batch, attempt, tasks } : { ...batch, tasks } };
    });
    return { parts, held: [...held.values()] };
  }

  /**
   * Assigns a part of a batch to its worker.
   *
   * @param index - Number of the manifest that is to hold it, where that holds other parts, too; left out: of a new one.
   * @returns that number.
   */
  assign(
    { workerId, batch }: BatchPart,
    engine: WorkEngine,
    index = this.#nextNumbers[workerId] ?? 0,
  ): number {
    const common = { workerId, attempt: batch.attempt ?? 1, index, engine: JSON.stringify(engine) };
    const fresh = { ...common, olderIndexes: [] };
    for (const { task_key: key } of batch.tasks) {
      const olderIndexes = this.#indexesOf(key, workerId);
      this.#assignments.set(key, olderIndexes.length === 0 ? fresh : { ...common, olderIndexes });
    }
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + batch.tasks.length;
    this.#nextNumbers[workerId] = Math.max(index + 1, this.#nextNumbers[workerId] ?? 0);
    return index;
  }

  /** Keys of all tasks that workers have, finished or not. */
  get keys(): ReadonlySet<string> {
    return new Set(this.#assignments.keys());
  }

  /** Which living workers have these tasks, and which. */
  holdersOf(taskKeys: readonly string[]): ReadonlyMap<number, string[]> {
    const held = taskKeys.flatMap((key) => {
      const workerId = this.#assignments.get(key)?.workerId;
      return workerId !== undefined && this.isAlive(workerId) ? [{ key, workerId }] : [];
    });
    const byWorker = Map.groupBy(held, ({ workerId }) => workerId);
    return new Map(Array.from(byWorker, ([workerId, tasks]) => [workerId, tasks.map(({ key }) => key)]));
  }

  /** Removes tasks that a worker has dropped from its manifests, so that it does not do them when it is started again. */
  async withdraw(files: FileStore, workerId: number, taskKeys: readonly string[]): Promise<void> {
    const dropped = new Set(taskKeys);
    const indexes = new Set(taskKeys.flatMap((key) => this.#indexesOf(key, workerId)));
    for (const key of taskKeys) this.#assignments.delete(key);
    for (const index of indexes)
      await removeTasks(files, { workerId, index }, ({ taskKey }) => dropped.has(taskKey));
  }

  /** Notes that a worker is to continue with tasks of an earlier session. */
  noteResumed(workerId: number): void {
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + 1;
  }

  #leastLoaded(): number {
    const given = this.#givenTasks.map((tasks, workerId) =>
      this.isAlive(workerId) ? tasks : Number.POSITIVE_INFINITY,
    );
    return given.indexOf(Math.min(...given));
  }

  #attemptFor(taskKey: string, workerId: number): number {
    const assignment = this.#assignments.get(taskKey);
    if (!assignment) return 1;
    return assignment.workerId === workerId ? assignment.attempt : assignment.attempt + 1;
  }

  #indexesOf(taskKey: string, workerId: number): number[] {
    const known = this.#assignments.get(taskKey);
    return known?.workerId === workerId ? [...known.olderIndexes, known.index] : [];
  }

  #note({ workerId, index, engine = '', tasks }: ManifestOutline): void {
    if (workerId >= this.#nextNumbers.length) return;
    this.#nextNumbers[workerId] = Math.max(this.#nextNumbers[workerId] ?? 0, index + 1);
    for (const { taskKey, attempt } of tasks) {
      if (attempt >= (this.#assignments.get(taskKey)?.attempt ?? 0))
        this.#assignments.set(taskKey, {
          ...{ workerId, attempt, index, engine },
          olderIndexes: this.#indexesOf(taskKey, workerId),
        });
    }
  }

  #isSuperseded(workerId: number, { taskKey, attempt }: Pick<AssignedTask, 'taskKey' | 'attempt'>): boolean {
    const assignment = this.#assignments.get(taskKey);
    return assignment !== undefined && assignment.workerId !== workerId && assignment.attempt > attempt;
  }
}

interface AssignedTask {
  readonly taskKey: string;
  readonly attempt: number;
  /** It shows what a machine makes, and is no part of the run's work. */
  readonly isCanary: boolean;
}

function tasksOf(manifest: Manifest | null): AssignedTask[] {
  return batchesOf(manifest).flatMap(({ tasks, attempt = 1 }) =>
    tasks.map((task) => {
      const isCanary = 'clip' in task && task.name === canaryName;
      return { taskKey: task.task_key, attempt, isCanary };
    }),
  );
}

/** Removes tasks from a manifest, and the manifest when no task is left. */
async function removeTasks(
  files: FileStore,
  place: ManifestPlace,
  isOver: (task: Pick<AssignedTask, 'taskKey' | 'attempt'>) => boolean,
): Promise<void> {
  const path = layout.manifest(place.workerId, place.index);
  const manifest = await readManifest(files, place);
  const batches = batchesOf(manifest).flatMap((batch) => {
    const { attempt = 1 } = batch;
    const tasks = batch.tasks.filter(({ task_key: taskKey }) => !isOver({ taskKey, attempt }));
    return tasks.length === 0 ? [] : [{ ...batch, tasks }];
  });
  if (batches.length === 0) await files.remove(path);
  else await files.publish(path, JSON.stringify({ ...manifest, batches }));
}

/**
 * What the manifests of a run, or of one of its workers, are about, in order. Their texts are in memory one after the
 * other.
 *
 * @throws AppError `host-refused` where they have more tasks than any run.
 */
export async function outlineManifests(files: FileStore, ofWorker?: number): Promise<ManifestOutline[]> {
  const isWanted = (name: string) => {
    const place = parseManifestName(name);
    return place !== null && (ofWorker === undefined || place.workerId === ofWorker);
  };
  const names = await files.list(layout.manifests, isWanted);
  const engines = new Map<string, string>();
  let count = 0;
  const read = async (place: ManifestPlace): Promise<ManifestOutline> => {
    const manifest = await readManifest(files, place);
    const tasks = tasksOf(manifest);
    count += tasks.length;
    if (count > mostTasks) throw tooManyTasks();
    const text = manifest ? JSON.stringify(manifest.engine) : undefined;
    // Kept once: it is the same in thousands of manifests.
    const engine = text && (engines.get(text) ?? text);
    if (engine !== undefined) engines.set(engine, engine);
    return { workerId: place.workerId, index: place.index, engine, tasks };
  };
  const places = names.flatMap((name) => parseManifestName(name) ?? []);
  const found = await pMap(places, read, { concurrency: readsAtOnce });
  return found.sort((a, b) => a.index - b.index);
}

/** A manifest; null where there is none, or a damaged one, or something else in its place. */
export async function readManifest(
  files: FileStore,
  { workerId, index }: ManifestPlace,
): Promise<Manifest | null> {
  try {
    const content = await files.read(layout.manifest(workerId, index), mostSharedBytes);
    return content && parseForeignJsonAs(manifestSchema, content);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function tooManyTasks(): AppError {
  return new AppError({
    code: 'host-refused',
    message: `The host says that the run has more than ${mostTasks} tasks.`,
    nextStep: 'Look at the folder manifests of the run on the host: something else than cosmos wrote there.',
  });
}
