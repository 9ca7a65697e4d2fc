import pMap from 'p-map';
import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import { type Manifest, type ManifestBatch, manifestSchema } from '../../protocol/manifest.ts';

/** Manifests that are read at once. */
const readsAtOnce = 32;

/** Who has a task, since which handing over. */
interface Holding {
  readonly workerId: number;
  readonly attempt: number;
}

/** A part of a batch, for one worker. */
export interface BatchPart {
  readonly workerId: number;
  readonly batch: ManifestBatch;
}

/** A manifest on the host; null where its file is damaged. */
interface FiledManifest {
  readonly workerId: number;
  readonly index: number;
  readonly manifest: Manifest | null;
}

/** Which worker has which tasks, and what the next manifest of each is called. */
export class HandedOver {
  readonly #holdings = new Map<string, Holding>();
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
   * Reads the manifests that earlier sittings of the run left. One whose tasks were given to another worker, and that
   * was to be removed when that sitting ended, is removed now: call this before any worker starts.
   */
  static async read(files: FileStore, workers: number): Promise<HandedOver> {
    const handedOver = new HandedOver(workers);
    const filed = await readManifests(files);
    for (const manifest of filed) handedOver.#note(manifest);
    for (const { workerId, index, manifest } of filed) {
      if (manifest && handedOver.#isSuperseded(workerId, manifest))
        await files.remove(layout.manifest(workerId, index));
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
  bury(workerId: number): void {
    this.#dead.add(workerId);
  }

  /**
   * Divides a batch among workers: tasks that a living worker has already go to that one, because a second one would
   * do them twice; the others to whichever was given least. A task that a dead one had carries a higher attempt.
   */
  divide(batch: ManifestBatch): BatchPart[] {
    const idlest = this.#idlest();
    const groups = Map.groupBy(batch.tasks, ({ task_key: key }) => {
      const holder = this.#holdings.get(key)?.workerId;
      return holder !== undefined && this.isAlive(holder) ? holder : idlest;
    });
    return Array.from(groups, ([workerId, tasks]) => {
      const attempt = Math.max(...tasks.map(({ task_key: key }) => this.#attemptFor(key, workerId)));
      return { workerId, batch: attempt > 1 ? { ...batch, attempt, tasks } : { ...batch, tasks } };
    });
  }

  /** Number of the worker's next manifest, which will hold this batch. */
  take({ workerId, batch }: BatchPart): number {
    for (const { task_key: key } of batch.tasks)
      this.#holdings.set(key, { workerId, attempt: batch.attempt ?? 1 });
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + batch.tasks.length;
    const number = this.#nextNumbers[workerId] ?? 0;
    this.#nextNumbers[workerId] = number + 1;
    return number;
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

  #note({ workerId, index, manifest }: FiledManifest): void {
    if (workerId >= this.#nextNumbers.length) return;
    this.#nextNumbers[workerId] = Math.max(this.#nextNumbers[workerId] ?? 0, index + 1);
    for (const { tasks, attempt = 1 } of manifest?.batches ?? []) {
      for (const { task_key: key } of tasks) {
        if (attempt >= (this.#holdings.get(key)?.attempt ?? 0))
          this.#holdings.set(key, { workerId, attempt });
      }
    }
  }

  #isSuperseded(workerId: number, manifest: Manifest): boolean {
    return manifest.batches.some(({ tasks, attempt = 1 }) =>
      tasks.some(({ task_key: key }) => {
        const holding = this.#holdings.get(key);
        return holding !== undefined && holding.workerId !== workerId && holding.attempt > attempt;
      }),
    );
  }
}

/** All manifests of a run, or of one of its workers, in order. */
export async function readManifests(files: FileStore, ofWorker?: number): Promise<FiledManifest[]> {
  const names = (await files.list(layout.manifests)).flatMap((name) => parseManifestName(name) ?? []);
  const wanted = names.filter(({ workerId }) => ofWorker === undefined || workerId === ofWorker);
  const read = async ({ workerId, index }: { readonly workerId: number; readonly index: number }) => {
    const content = await files.read(layout.manifest(workerId, index));
    const manifest = manifestSchema.safeParse(parseJson(content));
    return { workerId, index, manifest: manifest.success ? manifest.data : null };
  };
  const found = await pMap(wanted, read, { concurrency: readsAtOnce });
  return found.sort((a, b) => a.index - b.index);
}

function parseJson(content: Uint8Array | null): unknown {
  try {
    return JSON.parse(Buffer.from(content ?? []).toString('utf8'));
  } catch {
    return null;
  }
}
