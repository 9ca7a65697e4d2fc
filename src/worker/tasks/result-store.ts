import { parseJsonAs } from '../../core/json.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';

/** What the shelf is built from. */
interface ResultShelfParts {
  /** The run folder. */
  readonly store: ExclusiveFileStore;
  readonly clock: Clock;
  readonly random01: () => number;
  /** Called when publishing begins to fail, with the reason, and with null when it works again. */
  onTrouble(trouble: string | null): void;
  log(line: string): void;
}

const publishPatience = { baseDelayMs: 250, maxDelayMs: 5_000 };
const readersAtOnce = 16;
/** From this many on, listing the folder is cheaper than trying each file. */
const manyTasks = 64;

/** The results of the run on the disk. */
export class ResultShelf {
  readonly #parts: ResultShelfParts;
  #stuckResults = 0;

  constructor(parts: ResultShelfParts) {
    this.#parts = parts;
  }

  /** Whether a result in memory could not be written yet. */
  get isStuck(): boolean {
    return this.#stuckResults > 0;
  }

  /** All results there are, in no order; files that are none are left out. */
  async readAll(): Promise<readonly TaskResult[]> {
    const names = await this.#parts.store.list(layout.results);
    return await this.#readMany(names.map((name) => name.replace(/\.json$/, '')));
  }

  /** The results there are for these tasks. */
  async read(taskKeys: readonly string[]): Promise<readonly TaskResult[]> {
    if (taskKeys.length < manyTasks) return await this.#readMany(taskKeys);
    const names = new Set(await this.#parts.store.list(layout.results));
    return await this.#readMany(taskKeys.filter((key) => names.has(`${key}.json`)));
  }

  /**
   * Publishes a result, unless there is one; while that fails, as on a full disk, it is kept and tried again. Rejects
   * with the signal's reason, and then the result is lost and its task is as it was.
   *
   * @returns the result that is published: this one, or that of a worker who was first.
   */
  async publish(result: TaskResult, signal: AbortSignal): Promise<TaskResult> {
    const content = `${JSON.stringify(taskResultSchema.parse(result))}\n`;
    let isStuck = false;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const { published, error } = await this.#tryPublish(result, content);
        if (published) return published;
        if (!isStuck) this.#stuckResults += 1;
        isStuck = true;
        this.#parts.onTrouble(
          `Results cannot be written (${error}) They are kept in memory and tried again.`,
        );
        const pauseMs = 50 + backoffDelayMs(attempt, publishPatience, this.#parts.random01());
        await this.#parts.clock.sleep(pauseMs, signal);
      }
    } finally {
      if (isStuck) this.#stuckResults -= 1;
      if (isStuck && this.#stuckResults === 0) this.#parts.onTrouble(null);
    }
  }

  async #tryPublish(
    result: TaskResult,
    content: string,
  ): Promise<{ published: TaskResult | null; error: string }> {
    const { task_key: key } = result;
    const isSound = (found: Uint8Array) => parseResult(found, key) !== null;
    try {
      const present = await this.#parts.store.publishOnce(layout.result(key), content, isSound);
      const earlier = present && parseResult(present, key);
      if (earlier) this.#parts.log(`${key} has a result already; the earlier one stands`);
      return { published: earlier ?? result, error: '' };
    } catch (error) {
      return { published: null, error: messageOf(error) };
    }
  }

  async #readMany(taskKeys: readonly string[]): Promise<readonly TaskResult[]> {
    const results: TaskResult[] = [];
    let next = 0;
    const reader = async () => {
      while (next < taskKeys.length) {
        const result = await this.#readOne(taskKeys[next++] ?? '');
        if (result) results.push(result);
      }
    };
    await Promise.all(Array.from({ length: readersAtOnce }, reader));
    return results;
  }

  /** What cannot be read counts as none: the task is done again and the file replaced. */
  async #readOne(taskKey: string): Promise<TaskResult | null> {
    const content = await this.#parts.store.read(layout.result(taskKey)).catch(() => null);
    return content && parseResult(content, taskKey);
  }
}

/** The result in a file; null when it is damaged or another task's. */
function parseResult(content: Uint8Array, taskKey: string): TaskResult | null {
  const result = parseJsonAs(taskResultSchema, content);
  return result?.task_key === taskKey ? result : null;
}
