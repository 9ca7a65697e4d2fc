import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import { type ManifestBatch, manifestSchema } from '../../protocol/manifest.ts';

/** Which worker has which tasks, and what the next manifest of each is called. */
export class HandedOver {
  readonly #workerOf = new Map<string, number>();
  readonly #nextNumbers: number[];
  /** Tasks given to each worker in this sitting. */
  readonly #givenTasks: number[];

  private constructor(workers: number) {
    this.#nextNumbers = Array.from({ length: workers }, () => 0);
    this.#givenTasks = Array.from({ length: workers }, () => 0);
  }

  /** Reads the manifests that earlier sittings of the run left. Damaged ones count by their names only. */
  static async read(files: FileStore, workers: number): Promise<HandedOver> {
    const handedOver = new HandedOver(workers);
    for (const name of await files.list(layout.manifests)) {
      const parsed = parseManifestName(name);
      if (!parsed || parsed.workerId >= workers) continue;
      const content = await files.read(layout.manifest(parsed.workerId, parsed.index));
      handedOver.#note(parsed.workerId, parsed.index, content);
    }
    return handedOver;
  }

  /**
   * Divides a batch among workers: tasks that a worker has already go to that one, because a second one would do
   * them twice; the others to whichever was given least.
   */
  divide(batch: ManifestBatch): { readonly workerId: number; readonly batch: ManifestBatch }[] {
    const idlest = this.#givenTasks.indexOf(Math.min(...this.#givenTasks));
    const groups = Map.groupBy(batch.tasks, ({ task_key: key }) => this.#workerOf.get(key) ?? idlest);
    return Array.from(groups, ([workerId, tasks]) => ({ workerId, batch: { ...batch, tasks } }));
  }

  /** Number of the worker's next manifest, which will hold this batch. */
  take(workerId: number, batch: ManifestBatch): number {
    for (const { task_key: key } of batch.tasks) this.#workerOf.set(key, workerId);
    this.#givenTasks[workerId] = (this.#givenTasks[workerId] ?? 0) + batch.tasks.length;
    const number = this.#nextNumbers[workerId] ?? 0;
    this.#nextNumbers[workerId] = number + 1;
    return number;
  }

  #note(workerId: number, index: number, content: Uint8Array | null): void {
    this.#nextNumbers[workerId] = Math.max(this.#nextNumbers[workerId] ?? 0, index + 1);
    const parsed = manifestSchema.safeParse(parseJson(content));
    if (!parsed.success) return;
    for (const batch of parsed.data.batches) {
      for (const { task_key: key } of batch.tasks) this.#workerOf.set(key, workerId);
    }
  }
}

function parseJson(content: Uint8Array | null): unknown {
  try {
    return JSON.parse(Buffer.from(content ?? []).toString('utf8'));
  } catch {
    return null;
  }
}
