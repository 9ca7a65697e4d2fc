import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';

const resultName = /^([0-9a-f]{64})\.json$/;

/** The results of a run on its host. */
export class PublishedResults {
  readonly #files: FileStore;

  /** @param files - The run folder. */
  constructor(files: FileStore) {
    this.#files = files;
  }

  /** Keys of all tasks that have one. */
  async keys(): Promise<readonly string[]> {
    const names = await this.#files.list(layout.results);
    return names.flatMap((name) => resultName.exec(name)?.[1] ?? []);
  }

  /** A task's result; null when there is none. A damaged one is removed, so that it is made again. */
  async read(taskKey: string): Promise<TaskResult | null> {
    const bytes = await this.#files.read(layout.result(taskKey));
    if (bytes === null) return null;
    try {
      const result = taskResultSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (result.task_key === taskKey) return result;
    } catch {
      // Damaged, like one that belongs to another task.
    }
    await this.remove(taskKey);
    return null;
  }

  async remove(taskKey: string): Promise<void> {
    await this.#files.remove(layout.result(taskKey));
  }
}
