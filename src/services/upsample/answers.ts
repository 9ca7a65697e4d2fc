import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { finishTask } from './finish-task.ts';
import type { PreparedTask } from './prepare-task.ts';
import type { RunLedger } from './run-ledger.ts';

/** Enriched specs that are written at once. */
const writesAtOnce = 16;

/** What {@link Answers} works with. */
export interface AnswersParts {
  readonly session: RunSession;
  readonly state: UpsampleState;
  readonly ports: Pick<Ports, 'specs' | 'results' | 'toolVersion'>;
  readonly ledger: RunLedger;
  /** Hears of an error that the run cannot go on after. */
  readonly onError: (error: unknown) => void;
}

/** Brings answers together with the specs that wait for them, and writes the enriched specs. */
export class Answers {
  readonly #parts: AnswersParts;
  /** Tasks whose answer is awaited, by key; several specs may share one. */
  readonly #waiting = new Map<string, PreparedTask[]>();
  readonly #writing = new Set<Promise<void>>();
  /** Keys whose answer a spec of this run got: a further spec with the same one reuses it. */
  readonly #usedKeys = new Set<string>();

  constructor(parts: AnswersParts) {
    this.#parts = parts;
    for (const { finished } of parts.state.specs.values())
      if (finished) this.#usedKeys.add(finished.task_key);
  }

  /** Notes that a spec waits for its task's answer; false when another spec waits for the same one already. */
  expect(task: PreparedTask): boolean {
    const others = this.#waiting.get(task.taskKey);
    if (others) others.push(task);
    else this.#waiting.set(task.taskKey, [task]);
    return others === undefined;
  }

  /** Whether a spec still waits for this task's answer. */
  isExpected(taskKey: string): boolean {
    return this.#waiting.has(taskKey);
  }

  /**
   * Takes an answer for all specs that wait for it, which may be none; waits while too many files are being written.
   *
   * @param isReused - The answer is of an earlier run.
   */
  async accept(result: TaskResult, isReused: boolean): Promise<void> {
    const { task_key: key } = result;
    const tasks = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const task of tasks) {
      this.#adopt(task, result, isReused || this.#usedKeys.has(key));
      this.#usedKeys.add(key);
    }
    while (this.#writing.size >= writesAtOnce) await Promise.race(this.#writing);
  }

  /** Resolves when everything that was taken is written, or has been reported as an error. */
  async allWritten(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #adopt(task: PreparedTask, result: TaskResult, isReused: boolean): void {
    const writing = this.#write(task, result, isReused)
      .catch(this.#parts.onError)
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #write(task: PreparedTask, result: TaskResult, isReused: boolean): Promise<void> {
    const { session, ports, ledger } = this.#parts;
    await ledger.settle(await finishTask(task, result, isReused, { session, ports }));
    // Later runs can wait for the cache; this one's user waits for the spec.
    if (!isReused) await ports.results.put(result);
  }
}
