import { onAbort } from '../../async/abort.ts';
import { BackgroundWork } from '../../async/limits.ts';
import { TaskKeySet } from '../../core/hash-rows.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostRun } from '../../ports/host.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { RunEventRecorder } from './event-recorder.ts';
import type { ActiveRun, RunTypes, RunWork } from './run-kind.ts';

/** How often a task is done again in one session because what it made was lost on the host. */
const maxLosses = 3;

export interface SessionDeps<K extends RunTypes> {
  readonly run: ActiveRun<K>;
  readonly work: RunWork<K>;
  readonly recorder: RunEventRecorder<K>;
  /** Is given an error after which the run cannot continue. */
  readonly onError: (error: unknown) => void;
}

interface TaskResultsDeps<K extends RunTypes> extends SessionDeps<K> {
  /** Has a task done again. */
  repeat(task: K['task']): Promise<void>;
}

/** Matches results with the tasks that wait for them, has the kind settle each, and records the outcome. */
export class TaskResults<K extends RunTypes> {
  readonly #deps: TaskResultsDeps<K>;
  /** Tasks whose result is awaited, by key; several tasks may share one. */
  readonly #waiting = new Map<string, K['task'][]>();
  /** Called when a result has come. */
  #onTaken = () => {};
  readonly #settling: BackgroundWork;
  /** Keys whose result a task of this run got: a further task with the same key reuses it. */
  readonly #usedKeys: TaskKeySet;
  /** How often what a task made was lost on the host, by key. */
  readonly #losses = new Map<string, number>();

  constructor(deps: TaskResultsDeps<K>) {
    this.#deps = deps;
    this.#usedKeys = new TaskKeySet(deps.work.usedKeys?.());
    this.#settling = new BackgroundWork(deps.work.settlesInFlight, deps.onError);
  }

  /** Notes that a task waits for its result; false when another task waits for the same one already. */
  expect(task: K['task']): boolean {
    const others = this.#waiting.get(task.taskKey);
    if (others) others.push(task);
    else this.#waiting.set(task.taskKey, [task]);
    return others === undefined;
  }

  isExpected(taskKey: string): boolean {
    return this.#waiting.has(taskKey);
  }

  /** Resolves once fewer than `most` results are waited for, or one of these signals aborts. */
  async room(most: number, signals: readonly AbortSignal[]): Promise<void> {
    while (this.#waiting.size >= most && !signals.some(({ aborted }) => aborted)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onTaken = resolve;
      const stopListening = onAbort(signals, () => resolve());
      await promise.finally(stopListening);
    }
  }

  /** A task that waits for this result; undefined where none does. */
  awaiting(taskKey: string): K['task'] | undefined {
    return this.#waiting.get(taskKey)?.[0];
  }

  /**
   * Takes a result for all tasks that wait for it, which may be none; waits while too many are being settled.
   *
   * @param isCached - The result is of an earlier run.
   * @param machine - Which machine of the host gave it; left out where that is not known.
   */
  async accept(result: TaskResult, isCached: boolean, host: HostRun | null, machine?: string): Promise<void> {
    const { task_key: key } = result;
    const tasks = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#onTaken();
    for (const task of tasks) {
      const isReused = isCached || this.#usedKeys.has(key);
      this.#settling.add(this.#settle(task, result, { isReused, host, machine }));
      this.#usedKeys.add(key);
    }
    await this.#settling.room();
  }

  /** Records an outcome; what it completes is durable when this resolves. */
  async record(outcome: K['event']): Promise<void> {
    const { run, work, recorder } = this.#deps;
    recorder.emit(outcome);
    const due = work.checkpointAfter(outcome);
    if (due === null) return;
    for (const event of due) recorder.emit(event);
    await run.session.flush(true);
  }

  /** Resolves when everything that was taken is recorded, or its error was reported. */
  async allSettled(): Promise<void> {
    await this.#settling.ended();
  }

  async #settle(
    task: K['task'],
    result: TaskResult,
    { isReused, host, machine }: { isReused: boolean; host: HostRun | null; machine: string | undefined },
  ): Promise<void> {
    const { work } = this.#deps;
    let outcome: K['event'];
    try {
      outcome = await work.settle(task, result, isReused, host);
    } catch (error) {
      if (host === null || !isOutputLost(error, this.#deps.run.signal)) throw error;
      await host.forget([task.taskKey]);
      const losses = (this.#losses.get(task.taskKey) ?? 0) + 1;
      if (losses > maxLosses) throw error;
      this.#losses.set(task.taskKey, losses);
      await this.#deps.repeat((await work.again?.(task)) ?? task);
      return;
    }
    await this.record(outcome);
    await work.onSettled(task, result, isReused, host, machine);
    for (const each of (await work.outcomesAfter?.(task)) ?? []) await this.record(each);
  }
}

/**
 * What a task made is gone from the host or damaged there: it can only be made again.
 *
 * @param signal - Of the run. Once it aborts, what is thrown may be why the run ends, and says nothing of this task.
 */
export function isOutputLost(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && error instanceof AppError && error.code === 'worker-failed';
}
