import { unlessAborted } from '../../async/abort.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostRun, MachineRun } from '../../ports/host.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { isUnreachable, outputGone, throwFailures } from './machine-failures.ts';
import type { PoolMember } from './pool-member.ts';

export type OpenMember = PoolMember & { readonly run: MachineRun };

/** What the machines of a pool have made of one run: results, and the files that belong to them. */
export class PoolResults {
  readonly #members: readonly PoolMember[];
  /** Which machine's result counts, by task. */
  readonly #winners = new Map<string, string>();
  /** Tasks that were copied, and of which only one output is wanted. */
  readonly #dropped = new Set<string>();

  constructor(members: readonly PoolMember[]) {
    this.#members = members;
  }

  /** Machines whose run is open. */
  get open(): OpenMember[] {
    return this.#members.filter((member): member is OpenMember => member.run !== null);
  }

  /** Whether no machine's result of a task counts yet. */
  isNew(taskKey: string): boolean {
    return !this.#winners.has(taskKey);
  }

  /** Whether it is this machine's result that counts. */
  counts(taskKey: string, { name }: PoolMember): boolean {
    return this.#winners.get(taskKey) === name;
  }

  /** The machine whose result of a task counts; null when there is none. */
  winnerOf(taskKey: string): PoolMember | null {
    return this.#members.find(({ name }) => name === this.#winners.get(taskKey)) ?? null;
  }

  /** From now on this machine's result counts. */
  count(taskKey: string, { name }: PoolMember): void {
    this.#winners.set(taskKey, name);
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const found = await Promise.all(this.open.map(({ run }) => run.finishedKeys()));
    return new Set(found.flatMap((some) => [...some]));
  }

  async read(taskKey: string): Promise<TaskResult | null> {
    for (const { run } of this.#inOrder(taskKey)) {
      const result = await run.result(taskKey);
      if (result) return result;
    }
    return null;
  }

  /** From the machine whose result counts, else from another that has the same content. Errors as `HostRun.downloadOutput`. */
  async download(...[key, expected, path]: Parameters<HostRun['downloadOutput']>): Promise<void> {
    let failure: unknown = outputGone(key);
    for (const { run, lost } of this.#inOrder(key)) {
      try {
        lost.signal.throwIfAborted();
        return await unlessAborted(run.downloadOutput(key, expected, path), lost.signal);
      } catch (error) {
        const isElsewhere = lost.signal.aborted || isUnreachable(error) || isGone(error);
        if (!isElsewhere) throw error;
        failure = isGone(error) ? error : outputGone(key);
      }
    }
    throw failure;
  }

  /** @param isHeld - Whether a machine still works on a task, so that one more output will come. */
  async drop(taskKeys: readonly string[], isHeld: (taskKey: string) => boolean): Promise<void> {
    for (const key of taskKeys) if (isHeld(key)) this.#dropped.add(key);
    await this.#onEach(({ name, run }) => {
      const keys = taskKeys.filter((key) => (this.#winners.get(key) ?? name) === name);
      return keys.length === 0 ? Promise.resolve() : run.dropOutputs(keys);
    });
  }

  /** What a copy made is not needed when the other one is home. */
  async dropUnwanted(taskKey: string, { run }: PoolMember): Promise<void> {
    if (!this.#dropped.delete(taskKey)) return;
    await run?.dropOutputs([taskKey]).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    for (const key of taskKeys) this.#winners.delete(key);
    await this.#onEach(({ run }) => run.forget(taskKeys));
  }

  /** Open machines, first the one whose result of the task counts, then those that may have made it as well. */
  #inOrder(taskKey: string): OpenMember[] {
    const winner = this.#winners.get(taskKey);
    return this.open.sort((one, other) => Number(other.name === winner) - Number(one.name === winner));
  }

  /** Does something on all machines that can be reached. */
  async #onEach(work: (member: OpenMember) => Promise<void>): Promise<void> {
    const reachable = this.open.filter(({ isReachable }) => isReachable);
    const tried = reachable.map((member) =>
      work(member).catch((error: unknown) => {
        if (!isUnreachable(error)) throw error;
      }),
    );
    throwFailures(await Promise.allSettled(tried), reachable);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === 'worker-failed';
}
