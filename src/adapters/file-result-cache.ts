import { z } from 'zod';
import { parseJsonAs } from '../core/json.ts';
import {
  type AskedOrigin,
  isSameOrigin,
  type ResultOrigin,
  resultOriginSchema,
} from '../core/upsample/result-origin.ts';
import { AppError } from '../errors/app-error.ts';
import { isSystemError } from '../errors/system-error.ts';
import type { FileStore } from '../ports/file-store.ts';
import type { CachedResult, ResultCache } from '../ports/result-cache.ts';
import { type TaskResult, taskResultSchema } from '../protocol/task-result.ts';

/** Entries of before said nothing of their origin: they are not of this shape, and so are not there. */
const entrySchema = z.object({
  version: z.literal(1),
  origin: resultOriginSchema,
  result: taskResultSchema,
});

/** Larger than any result that is taken from a host. */
const maxEntryBytes = 5 * 1024 * 1024;

/** {@link ResultCache} of one file a result, spread over 256 folders. */
export class FileResultCache implements ResultCache {
  readonly #files: FileStore;
  readonly #isShared: boolean;

  /** @param options.isShared - Answers of one host are used for runs on another one. */
  constructor(files: FileStore, { isShared = false }: { readonly isShared?: boolean } = {}) {
    this.#files = files;
    this.#isShared = isShared;
  }

  async get(taskKey: string, asked: AskedOrigin | null): Promise<CachedResult | null> {
    const bytes = await unlessRefused(this.#files.read(pathOf(taskKey), maxEntryBytes));
    const entry = bytes && parseJsonAs(entrySchema, bytes);
    if (entry?.result.task_key !== taskKey || entry.result.status !== 'ok') return null;
    if (asked !== null && !isSameOrigin(entry.origin, asked, this.#isShared)) return null;
    return { result: entry.result, origin: entry.origin };
  }

  async put(result: TaskResult, origin: ResultOrigin): Promise<void> {
    if (result.status !== 'ok') return;
    const entry = { version: 1, origin, result };
    await unlessRefused(this.#files.publish(pathOf(result.task_key), JSON.stringify(entry)));
  }
}

/** What the call gives; null when the system refuses it, as on a full or read-only disk; also for a file that is too large. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | null> {
  return await call.catch((error: unknown) => {
    if (isSystemError(error) || error instanceof AppError || error instanceof RangeError) return null;
    throw error;
  });
}

function pathOf(taskKey: string): string {
  if (!/^[0-9a-f]{64}$/.test(taskKey))
    throw new TypeError(`not the key of a task: ${JSON.stringify(taskKey)}`);
  return `${taskKey.slice(0, 2)}/${taskKey}.json`;
}
