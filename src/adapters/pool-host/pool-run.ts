import { BackgroundWork } from '../../async/limits.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent, HostObject, HostRun, SubmittedPlan } from '../../ports/host.ts';
import type { WorkBatch, WorkEngine } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { machinesFailed, throwFailures } from './machine-failures.ts';
import { type PoolContext, PoolDealing } from './pool-dealing.ts';
import { PoolEvents } from './pool-events.ts';
import { PoolMachines } from './pool-machines.ts';
import type { PoolMember, PoolRunOptions } from './pool-member.ts';
import { PoolResults } from './pool-results.ts';

/** How often it is looked whether something takes too long, in milliseconds. */
const tickMs = 1_000;

/** A run on several machines: this process deals its tasks, a few at a time. */
export class PoolRun implements HostRun {
  readonly #context: PoolContext;
  readonly #machines: PoolMachines;
  readonly #stopping = new AbortController();
  /** Null until the first batch comes. */
  #dealing: PoolDealing | null = null;
  #isAllSubmitted = false;
  #isStopped = false;
  #failure: unknown = null;

  constructor(options: PoolRunOptions) {
    const fail = (error: unknown) => this.#fail(error);
    this.#context = {
      ...options,
      check: options.createCheck(),
      results: new PoolResults(options.members),
      events: new PoolEvents(),
      background: new BackgroundWork(Number.POSITIVE_INFINITY, fail),
      objects: new Map(),
      stop: this.#stopping.signal,
      fail,
    };
    this.#machines = new PoolMachines(this.#context);
  }

  /** Opens the run on all machines; returns when those that answer soon are open. @throws AppErrors when none can be opened. */
  async open(): Promise<void> {
    try {
      await this.#machines.open();
    } catch (error) {
      this.#isStopped = true;
      await this.close();
      throw error;
    }
    this.#context.background.add(this.#tick());
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const found = await this.#context.results.finishedKeys();
    const keys = new Set([...found].filter((key) => !this.#context.check.owns(key)));
    this.#context.events.seen(keys);
    return keys;
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    return await this.#context.results.read(taskKey);
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(sha256s.filter((sha256) => !this.#context.objects.has(sha256)));
  }

  /** Remembers where they lie: each machine gets what its tasks need. */
  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const object of objects) this.#context.objects.set(object.sha256, object);
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: null }> {
    if (this.#failure !== null) throw this.#failure;
    this.#dealing ??= this.#begin(engine, batch);
    await this.#dealing.submit(batch);
    if (this.#failure !== null) throw this.#failure;
    return { workerId: null };
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    return (await this.#dealing?.withdraw(taskKeys)) ?? new Set();
  }

  async allSubmitted({ isLeaving = false }: SubmittedPlan): Promise<void> {
    this.#isAllSubmitted = true;
    this.#dealing?.endSubmitting();
    if (isLeaving) await this.#dealing?.dealRest();
  }

  async downloadOutput(...output: Parameters<HostRun['downloadOutput']>): Promise<void> {
    await this.#context.results.download(...output);
  }

  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    await this.#context.results.drop(taskKeys, (key) => this.#dealing?.isHeld(key) ?? false);
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    const { results } = this.#context;
    const winners = taskKeys.map((key) => results.winnerOf(key));
    await results.forget(taskKeys);
    for (const winner of winners) if (winner) await this.#dealing?.noteUnusable(winner);
  }

  watch(signal: AbortSignal): AsyncIterable<HostEvent> {
    return this.#context.events.watch(signal, async (key) => {
      const result = await this.result(key);
      return result && { type: 'task-finished', result };
    });
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopped = true;
    this.#dealing?.end();
    const reachable = this.#context.results.open.filter(({ isReachable }) => isReachable);
    throwFailures(await Promise.allSettled(reachable.map(({ run }) => run.stop(drainMs))), reachable);
    const lost = this.#context.results.open.filter(({ isReachable }) => !isReachable);
    if (lost.length > 0) throw machinesFailed(lost.map(({ name }) => ({ name, failure: notStopped(name) })));
  }

  /** Without a stop, what waits here is dealt to all machines first. */
  async close(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true;
      await this.#dealing?.dealRest();
    }
    this.#stopping.abort(new Error('the run is closed'));
    await this.#context.background.ended();
    this.#context.events.end(null);
    const { open } = this.#context.results;
    const runs = open.map(({ run }) => run);
    for (const member of this.#context.members) member.run = null;
    throwFailures(await Promise.allSettled(runs.map((run) => run.close())), open);
  }

  #begin(engine: WorkEngine, batch: WorkBatch): PoolDealing {
    const giveUp = (member: PoolMember, error: AppError) => this.#machines.giveUp(member, error);
    const dealing = new PoolDealing(engine, batch, this.#context, giveUp);
    if (this.#isAllSubmitted) dealing.endSubmitting();
    this.#machines.begin(dealing);
    return dealing;
  }

  /** Looks now and then whether something takes too long. */
  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#context.clock.sleep(tickMs, signal).catch(() => undefined);
      this.#dealing?.deal();
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#stopping.signal.aborted) return;
    this.#failure = error;
    this.#dealing?.end();
    this.#context.events.end(error);
  }
}

function notStopped(name: string): AppError {
  return new AppError({
    code: 'host-unreachable',
    message: 'It is unreachable and could not be told to stop; what it was given keeps running there.',
    nextStep: `When ${name} is back, run: cosmos cancel RUN`,
    isRetryable: true,
  });
}
