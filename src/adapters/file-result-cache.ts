import { parseJsonAs } from '../core/json.ts';
import { AppError } from '../errors/app-error.ts';
import { isSystemError } from '../errors/system-error.ts';
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
    const bytes = await unlessRefused(this.#files.read(pathOf(taskKey)));
    const result = bytes && parseJsonAs(taskResultSchema, bytes);
    return result?.task_key === taskKey && result.status === 'ok' ? result : null;
  }

  async put(result: TaskResult): Promise<void> {
    if (result.status !== 'ok') return;
    await unlessRefused(this.#files.publish(pathOf(result.task_key), JSON.stringify(result)));
  }
}

/** What the call gives; null when the system refuses it, as on a full or read-only disk. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | null> {
  return await call.catch((error: unknown) => {
    if (isSystemError(error) || error instanceof AppError) return null;
    throw error;
  });
}

function pathOf(taskKey: string): string {
  return `${taskKey.slice(0, 2)}/${taskKey}.json`;
}
