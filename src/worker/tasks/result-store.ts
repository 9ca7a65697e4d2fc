import pMap from 'p-map';
import { parseJsonAs } from '../../core/json.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';

interface ResultStoreDeps {
  /** The run folder. */
  readonly store: ExclusiveFileStore;
  readonly clock: Clock;
  readonly random01: () => number;
  /** Called when publishing begins to fail, with the reason, and with null when it works again. */
  onBlocked(reason: string | null): void;
  log(line: string): void;
}

const publishRetry = { baseDelayMs: 250, maxDelayMs: 5_000 };
const readersAtOnce = 16;
/** From this many on, listing the folder is cheaper than trying each file. */
const manyTasks = 64;

/** The results of the run on the disk. */
export class ResultStore {
  readonly #deps: ResultStoreDeps;
  #blockedResults = 0;

  constructor(deps: ResultStoreDeps) {
    this.#deps = deps;
  }

  /** Whether a result in memory could not be written yet. */
  get isBlocked(): boolean {
    return this.#blockedResults > 0;
  }

  /** Names of all files that lie where results do. */
  async names(): Promise<ReadonlySet<string>> {
    return new Set(await this.#deps.store.list(layout.results));
  }

  /** The results there are for these tasks. @param areThere - The folder was listed, and has all of them. */
  async read(taskKeys: readonly string[], areThere = false): Promise<readonly TaskResult[]> {
    if (areThere || taskKeys.length < manyTasks) return await this.#readMany(taskKeys);
    const names = new Set(await this.#deps.store.list(layout.results));
    return await this.#readMany(taskKeys.filter((key) => names.has(`${key}.json`)));
  }

  /**
   * Publishes a result, unless there is one; while that fails, as on a full disk, it is kept and tried again. Rejects
   * with the signal's reason, and then the result is lost and its task is as it was.
   *
   * @returns the result that is published: this one, or that of a worker who was first.
   */
  async publish(result: TaskResult, signal: AbortSignal): Promise<TaskResult> {
    const { clock, random01, onBlocked } = this.#deps;
    const content = `${JSON.stringify(taskResultSchema.parse(result))}\n`;
    let failures = 0;
    try {
      for (;;) {
        try {
          return await this.#publishOnce(result, content);
        } catch (error) {
          failures += 1;
          if (failures === 1) this.#blockedResults += 1;
          onBlocked(
            `Results cannot be written (${messageOf(error)}) They are kept in memory and tried again.`,
          );
        }
        await clock.sleep(50 + backoffDelayMs(failures, publishRetry, random01()), signal);
      }
    } finally {
      if (failures > 0) this.#blockedResults -= 1;
      if (failures > 0 && this.#blockedResults === 0) onBlocked(null);
    }
  }

  async #publishOnce(result: TaskResult, content: string): Promise<TaskResult> {
    const { store, log } = this.#deps;
    const { task_key: key } = result;
    const present = await store.publishOnce(
      layout.result(key),
      content,
      (found) => parseResult(found, key) !== null,
    );
    const earlier = present && parseResult(present, key);
    if (earlier) log(`${key} has a result already; the earlier one stands`);
    return earlier ?? result;
  }

  /** What cannot be read counts as none: the task is done again and the file replaced. */
  async #readMany(taskKeys: readonly string[]): Promise<readonly TaskResult[]> {
    const readOne = async (key: string) => {
      const content = await this.#deps.store.read(layout.result(key)).catch(() => null);
      return content && parseResult(content, key);
    };
    const results = await pMap(taskKeys, readOne, { concurrency: readersAtOnce });
    return results.filter((result) => result !== null);
  }
}

/** The result in a file; null when it is damaged or another task's. */
function parseResult(content: Uint8Array, taskKey: string): TaskResult | null {
  const result = parseJsonAs(taskResultSchema, content);
  return result?.task_key === taskKey ? result : null;
}
