import { Mutex } from '../../async/limits.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostObject, HostRun, HostRunOptions, Machine, MachineRun } from '../../ports/host.ts';
import { objectsOf, type WorkBatch, type WorkEngine, type WorkTask } from '../../protocol/manifest.ts';

/** One machine of a pool. */
export interface PoolMachine {
  readonly name: string;
  readonly host: Machine;
  /** Workers that it is configured for. */
  readonly workers: number;
}

/** Whether work may go to a machine. */
export type Verdict = { readonly isAdmitted: true } | { readonly isAdmitted: false; readonly reason: string };

export interface PoolOptions {
  /** As the user named it. */
  readonly name: string;
  readonly machines: readonly PoolMachine[];
  readonly clock: Clock;
  /** How long a machine may be unreachable before its tasks are given to others, too. */
  readonly copyAfterMs: number;
  /** Prompts are copied like other tasks, though each answer may cost money. */
  readonly copiesPrompts: boolean;
  /** Makes what checks machines before work of a run goes to them. */
  createCheck(): MachineCheck;
}

/** What a run of a pool is made of. */
export interface PoolRunOptions extends PoolOptions {
  readonly runId: string;
  readonly runOptions: HostRunOptions;
  readonly members: readonly PoolMember[];
}

/** Checks machines, each before work goes to it. */
export interface MachineCheck {
  /** @param sample - A task of the run; null where none is known. */
  admit(
    member: { readonly name: string; readonly run: HostRun },
    engine: WorkEngine,
    sample: WorkTask | null,
    signal: AbortSignal,
  ): Promise<Verdict>;
  /** Whether a task is that of the check, and none of the run. */
  owns(taskKey: string): boolean;
}

/** A task as it was submitted, until it has a result. */
export interface SubmittedTask {
  readonly batchId: number;
  readonly task: WorkTask;
}

interface SendOptions {
  readonly engine: WorkEngine;
  /** Where the bytes of an object lie on this machine. */
  readonly objectOf: (sha256: string) => HostObject | undefined;
  /** The task, as long as this machine is to do it. */
  readonly taskOf: (key: string) => SubmittedTask | undefined;
}

/** A machine as a run of its pool has it. */
export class PoolMember {
  readonly name: string;
  readonly host: Machine;
  /** Numbers of its workers in the pool. */
  readonly workerIds: readonly number[];
  /** Its run, while it is open. */
  run: MachineRun | null = null;
  /** Tasks that it has from earlier sessions, without a result. */
  heldBefore: ReadonlySet<string> = new Set();
  /**
   * - `opening`: it was not reached yet.
   * - `open`: its run is open; it may be unreachable for a while.
   * - `unreachable`: it could not be reached for so long that its run was given up; it is tried again.
   * - `ended`: it does nothing more in this session.
   */
  phase: 'opening' | 'open' | 'unreachable' | 'ended' = 'opening';
  /** Whether work may go to it: null until it was checked. */
  isAdmitted: boolean | null = null;
  /** Why it cannot be reached at the moment; null while it can. */
  silence: string | null = null;
  /** Why it is not used at the moment. */
  failure: AppError | null = null;
  /** It was given work in this session. */
  hasWork = false;
  /** Aborts when it has been unreachable for long. */
  lost = new AbortController();
  readonly #sending = new Mutex();
  readonly #delivered = new Set<string>();
  /** Assigned tasks that it knows nothing of yet. */
  readonly #unsent = new Set<string>();

  constructor({ name, host }: PoolMachine, workerIds: readonly number[]) {
    this.name = name;
    this.host = host;
    this.workerIds = workerIds;
  }

  get isReachable(): boolean {
    return this.silence === null;
  }

  /** Gives it tasks, with the objects that they need. Rejects as `HostRun.deliver` and `HostRun.submit` do. */
  async send(keys: readonly string[], { engine, objectOf, taskOf }: SendOptions): Promise<void> {
    this.hasWork = true;
    for (const key of keys) this.#unsent.add(key);
    await this.#sending.run(async () => {
      const wanted = () => keys.flatMap((key) => (this.#unsent.has(key) ? (taskOf(key) ?? []) : []));
      await this.#deliver(wanted(), engine, objectOf);
      const tasks = wanted();
      for (const key of keys) this.#unsent.delete(key);
      for (const batch of batchesIn(tasks)) await this.run?.submit(batch, engine);
    });
  }

  /** Those of these tasks that were never sent; they will not be. */
  takeUnsent(keys: readonly string[]): string[] {
    return keys.filter((key) => this.#unsent.delete(key));
  }

  async #deliver(
    submitted: readonly SubmittedTask[],
    engine: WorkEngine,
    objectOf: SendOptions['objectOf'],
  ): Promise<void> {
    const needed = new Set(submitted.flatMap(({ task }) => objectsOf(task, engine)));
    const unknown = [...needed.difference(this.#delivered)];
    if (unknown.length === 0 || this.run === null) return;
    const missing = await this.run.missingObjects(unknown);
    await this.run.deliver([...missing].flatMap((sha256) => objectOf(sha256) ?? []));
    for (const sha256 of unknown) this.#delivered.add(sha256);
  }
}

function batchesIn(submitted: readonly SubmittedTask[]): WorkBatch[] {
  const byBatch = Map.groupBy(submitted, ({ batchId }) => batchId);
  return Array.from(byBatch, ([batchId, tasks]) => ({
    batch_id: batchId,
    tasks: tasks.map(({ task }) => task),
  }));
}
