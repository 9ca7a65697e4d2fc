import { createHash } from 'node:crypto';
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

/**
 * {@link ResultCache} of one file a result, spread over 256 folders. The latest answer has the task's name; when
 * another host or server gives one, the earlier one gets a name of its own, so that who changes between them pays for no prompt
 * twice.
 */
export class FileResultCache implements ResultCache {
  readonly #files: FileStore;
  readonly #isShared: boolean;

  /** @param options.isShared - Answers of one host are used for runs on another one. */
  constructor(files: FileStore, { isShared = false }: { readonly isShared?: boolean } = {}) {
    this.#files = files;
    this.#isShared = isShared;
  }

  async get(taskKey: string, asked: AskedOrigin | null): Promise<CachedResult | null> {
    const latest = await this.#read(taskKey);
    if (latest === null || asked === null || isSameOrigin(latest.origin, asked, false)) return latest;
    for (const host of new Set(asked.hosts)) {
      const earlier = await this.#read(taskKey, { ...asked, host });
      if (earlier && isSameOrigin(earlier.origin, asked, false)) return earlier;
    }
    return isSameOrigin(latest.origin, asked, this.#isShared) ? latest : null;
  }

  async put(result: TaskResult, origin: ResultOrigin): Promise<void> {
    if (result.status !== 'ok') return;
    const { task_key: taskKey } = result;
    const latest = await this.#read(taskKey);
    if (latest && !isSameOrigin(latest.origin, { ...origin, hosts: [origin.host] }, false))
      await this.#write(pathOf(taskKey, latest.origin), latest);
    await this.#write(pathOf(taskKey), { result, origin });
  }

  async #write(path: string, { result, origin }: CachedResult): Promise<void> {
    await unlessRefused(this.#files.publish(path, JSON.stringify({ version: 1, origin, result })));
  }

  /** @param origin - Of an answer that another host or server gave before the latest one; left out: the latest one. */
  async #read(taskKey: string, origin?: NamedOrigin): Promise<CachedResult | null> {
    const bytes = await unlessRefused(this.#files.read(pathOf(taskKey, origin), maxEntryBytes));
    const entry = bytes && parseJsonAs(entrySchema, bytes);
    if (entry?.result.task_key !== taskKey || entry.result.status !== 'ok') return null;
    return { result: entry.result, origin: entry.origin };
  }
}

/** What the call gives; null when the system refuses it, as on a full or read-only disk; also for a file that is too large. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | null> {
  return await call.catch((error: unknown) => {
    if (isSystemError(error) || error instanceof AppError || error instanceof RangeError) return null;
    throw error;
  });
}

type NamedOrigin = Pick<ResultOrigin, 'engine' | 'model' | 'base_url' | 'host'>;

function pathOf(taskKey: string, origin?: NamedOrigin): string {
  if (!/^[0-9a-f]{64}$/.test(taskKey))
    throw new TypeError(`not the key of a task: ${JSON.stringify(taskKey)}`);
  if (!origin) return `${taskKey.slice(0, 2)}/${taskKey}.json`;
  const name = JSON.stringify([origin.engine, origin.model, origin.base_url, origin.host]);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${taskKey.slice(0, 2)}/${taskKey}.${hash}.json`;
}
