import pMap from 'p-map';
import { onAbort } from '../../async/abort.ts';
import { settlesWithin } from '../../async/deadline.ts';
import { TaskKeySet } from '../../core/hash-rows.ts';
import { RepeatedFailures } from '../../core/run/repeated-failures.ts';
import type { MachineEvent } from '../../core/run/run-status.ts';
import { givenTasks } from '../../core/run/work-on-host.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent, HostObject, HostRun } from '../../ports/host.ts';
import { maxEqualFailuresOf, type WorkBatch } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import type { RunKind, RunTypes } from './run-kind.ts';
import type { SessionDeps, TaskResults } from './task-results.ts';

/** Results that are read from the host at once. */
const readsAtOnce = 32;

/** How long tasks in flight may take to finish when a run is stopped, in milliseconds. */
export const drainMs = 5_000;

/** How long opening a run may take to notice that the run is stopped, in milliseconds. */
const openingTimeoutMs = 2_000;

/** How long the last results of a run that is stopped are waited for, in milliseconds; the rest is taken when it is resumed. */
const lastResultsTimeoutMs = 5_000;

interface HostSessionDeps<K extends RunTypes> extends SessionDeps<K> {
  readonly kind: RunKind<K>;
  readonly results: TaskResults<K>;
}

/** The run's side of its host: opened when first needed, listened to until the end. */
export class HostSession<K extends RunTypes> {
  readonly #deps: HostSessionDeps<K>;
  #opening: Promise<HostRun> | null = null;
  #collecting: Promise<void> | null = null;
  /** Keys of results that lie on the host: from earlier sessions, and from this one. */
  #finished = new TaskKeySet();
  /** Of this session, on all workers and machines together. */
  readonly #failures: RepeatedFailures;
  /** Why nothing more is submitted. */
  #stopError: AppError | null = null;
  /** Hashes of objects that are on the host. */
  readonly #delivered = new Set<string>();
  /** Whether work can be submitted without waiting for the host to start. */
  isOpen = false;
  /** Whether the host cannot be reached, as far as is known. */
  isUnreachable = false;
  /** Whether anything was submitted in this session. */
  hasSubmitted = false;

  constructor(deps: HostSessionDeps<K>) {
    this.#deps = deps;
    this.#failures = new RepeatedFailures(maxEqualFailuresOf(deps.work.engine));
  }

  get submitsAtOnce(): number {
    const { kind, run } = this.#deps;
    return run.ports.host(kind.facts(run.session.checkpoint).host).submitsAtOnce ?? 1;
  }

  /** Opens the run on its host, once, and begins to listen. */
  open(): Promise<HostRun> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  /** Like `open`, for a caller that need not wait: errors go to `onError`. */
  openSoon(): void {
    if (this.#opening === null) this.open().catch(this.#deps.onError);
  }

  /** The result of a task, if it is finished; the host is asked only when the run was opened there. */
  async finished(task: K['task']): Promise<TaskResult | null> {
    if (!this.#finished.has(task.taskKey)) return null;
    const host = await this.open();
    const result = await host.result(task.taskKey);
    if (result === null || (await this.#isUsable(task, result, host))) return result;
    await host.forget([task.taskKey]);
    this.noteLost(task.taskKey);
    return null;
  }

  /** What was made before and is refused is asked for once more: it may be of a worker that was updated since. */
  async #isUsable(task: K['task'], result: TaskResult, host: HostRun): Promise<boolean> {
    const { work } = this.#deps;
    if (result.error?.code === 'result-implausible' || this.#judged(task, result) !== result) return false;
    return (await work.isUsable?.(task, result, host)) ?? true;
  }

  /** The result as it may be used for a task. */
  #judged(task: K['task'] | undefined, result: TaskResult, machine?: string): TaskResult {
    const { kind, run, work } = this.#deps;
    if (task === undefined || !work.judge) return result;
    return work.judge(work.manifestTask(task), result, machine ?? kind.facts(run.session.checkpoint).host);
  }

  /** Delivers the objects of a batch that the host lacks, and submits the batch. */
  async submit(batch: WorkBatch, objects: readonly HostObject[]): Promise<number | null> {
    if (this.#stopError) throw this.#stopError;
    const host = await this.open();
    const unknown = objects.filter(({ sha256 }) => !this.#delivered.has(sha256));
    if (unknown.length > 0) {
      const missing = await host.missingObjects(unknown.map(({ sha256 }) => sha256));
      await host.deliver(unknown.filter(({ sha256 }) => missing.has(sha256)));
      for (const { sha256 } of unknown) this.#delivered.add(sha256);
    }
    const { workerId } = await host.submit(batch, this.#deps.work.engine);
    this.hasSubmitted = true;
    return workerId;
  }

  /** Tells the host that no more batches come, if any was submitted. @param isLeaving - No process will wait for them. */
  async endSubmitting(isLeaving: boolean): Promise<void> {
    if (!this.hasSubmitted) return;
    const { checkpoint: checkpointPath } = this.#deps.run.session.paths;
    const objects = this.#deps.work.finishObjects ? this.#deps.work.finishObjects() : [];
    await (await this.open()).allSubmitted({ checkpointPath, objects, isLeaving });
  }

  /** Notes that what a task made is lost on the host, and its result with it. */
  noteLost(taskKey: string): void {
    this.#finished.delete(taskKey);
  }

  /**
   * Closes the run's side of its host.
   *
   * @param drainMs - How long the workers may finish what is in flight before they stop; null lets them continue.
   */
  async close(drainMs: number | null, stopListening: () => void): Promise<void> {
    if (this.#opening === null) return;
    // A run that is stopped while it is being opened is not waited for much longer.
    if (this.#deps.run.signal.aborted && !(await settlesWithin(openingTimeoutMs, this.#opening))) return;
    const host = await this.#opening.catch(() => null);
    if (!host) return;
    try {
      if (drainMs !== null) {
        await host.stop(drainMs);
        // What was answered while it stopped is on this machine or near: it counts as done where that is quick to have.
        if (this.#deps.run.signal.aborted) {
          const late = new AbortController();
          await settlesWithin(lastResultsTimeoutMs, this.#acceptRest(host, late.signal));
          late.abort();
        }
      }
    } finally {
      stopListening();
      await this.#collecting;
      await this.#deps.results.allSettled();
      await host.close();
    }
  }

  async #start(): Promise<HostRun> {
    const { kind, run, work } = this.#deps;
    const { session, ports, signal } = run;
    const facts = kind.facts(session.checkpoint);
    const { host: name, workers, needs: usualNeeds, usualImage = 'upsampler' } = facts;
    const needs = work.needs ?? usualNeeds;
    const named = ports.host(name);
    const host = await named.openRun(session.runId, {
      ...{ workers, needs, usualImage, signal },
      // Reading a long journal once more takes its time.
      ...(named.isSpread && { given: givenTasks(session.events) }),
      ...(work.judge && { judge: work.judge }),
    });
    // A transfer to an unreachable host would be waited for as long as the host may stay unreachable.
    onAbort(signal, () => this.isUnreachable && void host.close());
    const finished = await host.finishedKeys();
    const failed = await this.#failedBefore(host, finished);
    await host.forget([...failed]);
    this.#finished = new TaskKeySet(finished);
    for (const key of failed) this.#finished.delete(key);
    await work.onOpen?.(host, this.#finished);
    this.#collecting = this.#collect(host)
      .catch((error: unknown) => this.#stopAfter(error, host))
      .catch(this.#deps.onError);
    this.isOpen = true;
    return host;
  }

  /** Failures that an earlier session recorded, to be tried again. A failure that none recorded is news. */
  async #failedBefore(host: HostRun, finished: ReadonlySet<string>): Promise<Set<string>> {
    const keys = this.#deps.work.retriedKeys().filter((key) => finished.has(key));
    const statuses = await pMap(keys, async (key) => (await host.result(key))?.status, {
      concurrency: readsAtOnce,
    });
    return new Set(keys.filter((_, at) => statuses[at] === 'failed'));
  }

  async #collect(host: HostRun): Promise<void> {
    const { run, work, results } = this.#deps;
    for await (const event of host.watch(run.signal)) {
      if (event.type === 'task-started') run.observer.onTaskStarted(event.taskKey);
      else if (event.type === 'worker-status') this.#onStatus(event.status);
      else if (event.type === 'task-progress')
        work.onProgress?.(event.taskKey, event.doneParts, event.totalParts);
      else if (event.type === 'task-finished') {
        const { task_key: key } = event.result;
        this.#finished.add(key);
        const task = results.awaiting(key);
        if (event.machine !== undefined && task)
          this.#note({ type: 'task-answered', task_key: key, machine: event.machine });
        const result = this.#judged(task, event.result, event.machine);
        await results.accept(result, false, host, event.machine);
        if (task) this.#noteEnd(result);
      } else if (event.type === 'task-assigned') {
        const { type, taskKey, machine, isCopy } = event;
        this.#note({ type, task_key: taskKey, machine, is_copy: isCopy });
      } else if (event.type === 'machine-changed') this.#note(event);
      else this.#noteReachability(event);
    }
  }

  #note(event: MachineEvent): void {
    this.#deps.recorder.emit(event);
  }

  /** @throws AppError `failures-repeated` when it is one failure too many with the same cause. */
  #noteEnd({ error }: TaskResult): void {
    const message = this.#failures.note(error);
    if (message !== null) throw this.#deps.work.fatalError({ code: 'failures-repeated', message });
  }

  /** What was asked already is recorded: a failure that only the host knows of would not be tried again on resume. */
  async #stopAfter(error: unknown, host: HostRun): Promise<never> {
    if (!(error instanceof AppError) || error.code !== 'failures-repeated') throw error;
    this.#stopError = error;
    await host.stop(drainMs);
    await this.#acceptRest(host);
    throw error;
  }

  /** Takes what the workers finished and nothing has reported. */
  async #acceptRest(host: HostRun, late?: AbortSignal): Promise<void> {
    const { results } = this.#deps;
    for (const key of await host.finishedKeys()) {
      if (this.#finished.has(key) || !results.isExpected(key)) continue;
      const result = await host.result(key);
      if (late?.aborted) return;
      if (result) await results.accept(this.#judged(results.awaiting(key), result), false, host);
    }
  }

  /** A worker that was adopted may still report the failure that ended the session before. */
  #onStatus(status: WorkerStatus): void {
    this.#deps.run.observer.onWorkerStatus(status);
    if (status.status !== 'failed' || !status.is_fatal || !this.hasSubmitted) return;
    throw this.#deps.work.fatalError(status);
  }

  #noteReachability(event: Extract<HostEvent, { type: 'unreachable' | 'reachable' }>): void {
    const { kind, run, recorder } = this.#deps;
    const { host } = kind.facts(run.session.checkpoint);
    this.isUnreachable = event.type === 'unreachable';
    recorder.emit(
      event.type === 'reachable'
        ? { type: 'host-reachable', host }
        : { type: 'host-unreachable', host, message: event.message },
    );
  }
}
