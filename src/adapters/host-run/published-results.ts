import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { parseForeignJson } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseResultName } from '../../protocol/layout.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { withBoundedTexts } from './bounded-texts.ts';
import { impossibleResult } from './read-worker-event.ts';

/** Far more than any model answers; a larger file is damaged, and must not fill this machine's memory. */
const maxResultBytes = 4 * 1024 * 1024;

/** Results of tasks that nothing is known of any more, such as those of a worker that died. Of further ones none is looked at. */
const mostForeign = 100_000;

/** Stands for a file that is no text. */
const notUtf8 = Object.freeze({});

const ownershipSchema = z.object({ version: z.number(), task_key: z.string(), status: z.string() });

/** The results of a run on its host. */
export class PublishedResults {
  readonly #files: FileStore;

  /** @param files - The run folder. */
  constructor(files: FileStore) {
    this.#files = files;
  }

  /**
   * Keys of the tasks that have one.
   *
   * @param known - Tasks of the run: however many other results lie there, they take little memory.
   */
  async keys(known: { has(taskKey: string): boolean } = new Set()): Promise<readonly string[]> {
    let foreign = 0;
    const isWanted = (name: string) => {
      const key = parseResultName(name);
      return key !== null && (known.has(key) || ++foreign <= mostForeign);
    };
    const names = await this.#files.list(layout.results, isWanted);
    return names.flatMap((name) => parseResultName(name) ?? []);
  }

  /**
   * A task's result; null when there is none. A damaged one is removed, so that it is made again.
   *
   * @throws AppError `worker-failed` for an intact one that this version does not understand.
   */
  async read(taskKey: string): Promise<TaskResult | null> {
    const document = await this.#readDocument(taskKey);
    if (document === null) return null;
    if (document === notUtf8) return impossibleResult(taskKey, false);
    const result = taskResultSchema.safeParse(document);
    if (result.success && result.data.task_key === taskKey) return withBoundedTexts(result.data);
    const owner = ownershipSchema.safeParse(document).data;
    if (!result.success && owner?.task_key === taskKey) {
      if (owner.version !== protocolVersion) throw notUnderstood(taskKey);
      return impossibleResult(taskKey, true);
    }
    await this.remove(taskKey);
    return null;
  }

  async remove(taskKey: string): Promise<void> {
    await this.#files.remove(layout.result(taskKey));
  }

  /** Null also for what is no JSON object, or too large for a result: it is removed. */
  async #readDocument(taskKey: string): Promise<object | null> {
    try {
      const bytes = await this.#files.read(layout.result(taskKey), maxResultBytes);
      if (bytes === null) return null;
      if (!isUtf8(bytes)) return notUtf8;
      const document = parseForeignJson(bytes);
      if (typeof document === 'object' && document !== null) return document;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    await this.remove(taskKey);
    return null;
  }
}

function notUnderstood(taskKey: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The result of task ${taskKey} was written by another version of cosmos and cannot be read.`,
    nextStep:
      'Use that version, or update the worker to this one: cosmos host prepare NAME, then resume the run.',
  });
}
