import type { FileStore } from '../ports/file-store.ts';
import type { ResultCache } from '../ports/result-cache.ts';
import { type TaskResult, taskResultSchema } from '../protocol/task-result.ts';

/** {@link ResultCache} of one file a result, spread over 256 folders. */
export class FileResultCache implements ResultCache {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  async get(taskKey: string): Promise<TaskResult | null> {
    const bytes = await this.#files.read(pathOf(taskKey));
    if (bytes === null) return null;
    try {
      const result = taskResultSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return result.task_key === taskKey && result.status === 'ok' ? result : null;
    } catch {
      return null;
    }
  }

  async put(result: TaskResult): Promise<void> {
    if (result.status === 'ok') await this.#files.publish(pathOf(result.task_key), JSON.stringify(result));
  }
}

function pathOf(taskKey: string): string {
  return `${taskKey.slice(0, 2)}/${taskKey}.json`;
}
