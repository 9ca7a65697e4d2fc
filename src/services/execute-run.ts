import { pMapIterable } from 'p-map';
import type { RunEventBody } from '../core/run/run-event.ts';
import type { RunState, SpecState } from '../core/run/run-state.ts';
import { AppError } from '../errors/app-error.ts';
import type { HostEvent, HostRun } from '../ports/host.ts';
import type { Ports } from '../ports/ports.ts';
import type { RunObserver } from '../ports/run-observer.ts';
import type { RunSession } from '../ports/run-store.ts';
import type { ManifestTask } from '../protocol/manifest.ts';
import type { TaskResult } from '../protocol/task-result.ts';
import { failedOutcome, finishTask } from './finish-task.ts';
import { type Preparation, type PreparedTask, prepareTask } from './prepare-task.ts';

/** Specs that are prepared ahead of the batch that is being handed over. */
const preparedAhead = 256;

/** Enriched specs that are written at once. */
const writesAtOnce = 16;

/** How long prompts in flight may take to finish when a run is stopped, in milliseconds. */
const drainMs = 5_000;

/** What a run is carried out with. */
export interface Execution {
  readonly session: RunSession;
  readonly state: RunState;
  readonly ports: Ports;
  readonly observer: RunObserver;
  /** Aborts to stop the run: its state is saved, and it can be resumed. */
  readonly signal: AbortSignal;
  /** Return as soon as everything is handed over; the host goes on by itself. */
  readonly isDetached: boolean;
}

/**
 * Carries out what remains of a run: prepares specs, hands their batches over, collects results as they come.
 * Returns when every spec has an outcome.
 *
 * @throws The signal's reason when it aborts; AppErrors of the host, the disk or the engine. All that was done is
 * recorded by then, and calling this again on the reopened run goes on from there.
 */
export async function executeRun(execution: Execution): Promise<void> {
  await new RunExecution(execution).run();
}

class RunExecution {
  readonly #run: Execution;
  /** Aborts when the caller's signal does, and when any part of the run fails. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #settled = Promise.withResolvers<void>();
  #hostRun: Promise<HostRun> | null = null;
  /** Tasks whose answer is awaited, by key; several specs may share one. */
  readonly #waiting = new Map<string, PreparedTask[]>();
  /** Keys of results that lie on the host. */
  #finishedOnHost = new Set<string>();
  /** Keys of results that a spec of this run got: a further spec with the same one reuses it. */
  readonly #usedKeys = new Set<string>();
  readonly #openInBatch = new Map<number, number>();
  readonly #writing = new Set<Promise<void>>();
  #collecting: Promise<void> | null = null;

  constructor(run: Execution) {
    this.#run = run;
    this.#signal = AbortSignal.any([run.signal, this.#stop.signal]);
  }

  async run(): Promise<void> {
    const { state, session } = this.#run;
    this.#countOpenBatches();
    for (const { finished } of state.specs.values()) if (finished) this.#usedKeys.add(finished.task_key);
    this.#settlePlannedFailures();
    this.#checkSettled();
    this.#settled.promise.catch(() => undefined);
    try {
      if (state.pendingCount > 0) {
        if (this.#isResumed()) await this.#openHost();
        await this.#prepareAndSubmit();
      }
      if (!this.#run.isDetached) await Promise.race([this.#settled.promise, rejectOnAbort(this.#signal)]);
      await Promise.all(this.#writing);
      await this.#close(this.#run.isDetached ? null : 0);
    } catch (error) {
      this.#stop.abort(error);
      await Promise.allSettled(this.#writing);
      await this.#close(drainMs).catch(() => undefined);
      throw this.#run.signal.aborted ? this.#run.signal.reason : this.#stop.signal.reason;
    } finally {
      await session.flush(true);
    }
  }

  // ---- hand over

  async #prepareAndSubmit(): Promise<void> {
    const { session, state, ports } = this.#run;
    const pending = session.checkpoint.batches.flatMap((batch) =>
      batch.specs.flatMap((spec) => (state.isSettled(spec) ? [] : (state.specs.get(spec) ?? []))),
    );
    const context = { session, ports, signal: this.#signal };
    const prepared = pMapIterable(pending, (spec: SpecState) => prepareTask(spec, context), {
      concurrency: ports.parallelism,
      backpressure: preparedAhead,
    });
    let batch: Preparation[] = [];
    for await (const preparation of prepared) {
      this.#signal.throwIfAborted();
      const batchId = batchIdOf(preparation);
      if (batch[0] !== undefined && batchIdOf(batch[0]) !== batchId) {
        await this.#submit(batch);
        batch = [];
      }
      batch.push(preparation);
    }
    if (batch.length > 0) await this.#submit(batch);
  }

  /** Hands a batch over, less what is answered already: by the cache, by the host, by another spec's task. */
  async #submit(preparations: readonly Preparation[]): Promise<void> {
    const asked = new Map<string, PreparedTask>();
    for (const preparation of preparations) {
      if (!preparation.isReady) {
        this.#settle(failedOutcome(preparation, preparation.failure, 0));
        continue;
      }
      const { task } = preparation;
      this.#recordPrepared(task);
      // Waited for before it is looked up: an answer that comes in between is told only once.
      if (!this.#await(task)) continue;
      const known = await this.#knownResult(task.taskKey);
      if (known) await this.#finish(known.result, known.isReused);
      else if (this.#waiting.has(task.taskKey)) asked.set(task.taskKey, task);
    }
    const first = preparations[0];
    if (asked.size === 0 || first === undefined) return;
    const hostRun = await this.#openHost();
    const tasks = [...asked.values()];
    const hints = new Map(tasks.flatMap((task) => (task.hint ? [[task.hint.sha256, task.hint]] : [])));
    const missing = await hostRun.missingObjects([...hints.keys()]);
    await hostRun.deliver([...hints.values()].filter((hint) => missing.has(hint.sha256)));
    const { engine } = this.#run.session.checkpoint.settings;
    const batch = {
      batch_id: batchIdOf(first),
      tasks: tasks.map((task) => manifestTask(task, engine.max_output_tokens)),
    };
    const { workerId } = await hostRun.submit(batch, engine);
    this.#emit({
      type: 'batch-submitted',
      batch_id: batch.batch_id,
      worker_id: workerId,
      tasks: tasks.length,
    });
    await this.#run.session.flush(false);
  }

  async #knownResult(taskKey: string): Promise<{ result: TaskResult; isReused: boolean } | null> {
    if (this.#finishedOnHost.has(taskKey)) {
      const result = await (await this.#openHost()).result(taskKey);
      if (result) return { result, isReused: false };
    }
    const { settings } = this.#run.session.checkpoint;
    // With no model named, the server's own one answers, and that may be another one by now.
    if (settings.force || settings.engine.model === '') return null;
    const cached = await this.#run.ports.results.get(taskKey);
    return cached && { result: cached, isReused: true };
  }

  /** Notes that a task waits for its answer; false when another spec's task waits for the same one. */
  #await(task: PreparedTask): boolean {
    const others = this.#waiting.get(task.taskKey);
    if (others) others.push(task);
    else this.#waiting.set(task.taskKey, [task]);
    return others === undefined;
  }

  #recordPrepared({ planned, taskKey, hint }: PreparedTask): void {
    if (this.#run.state.specs.get(planned.spec)?.prepared?.task_key === taskKey) return;
    const recorded = hint && {
      sha256: hint.sha256,
      width: hint.width,
      height: hint.height,
      frames: hint.frames,
      generated: hint.generated,
    };
    this.#emit({ type: 'task-prepared', spec: planned.spec, task_key: taskKey, hint: recorded });
  }

  // ---- collect

  #openHost(): Promise<HostRun> {
    this.#hostRun ??= this.#startHost();
    return this.#hostRun;
  }

  async #startHost(): Promise<HostRun> {
    const { ports, session } = this.#run;
    const { host, workers } = session.checkpoint.settings;
    const hostRun = await ports.host(host).openRun(session.runId, { workers });
    this.#finishedOnHost = new Set(await hostRun.finishedKeys());
    await this.#forgetFailures(hostRun);
    this.#collecting = this.#collect(hostRun).catch((error: unknown) => this.#stop.abort(error));
    return hostRun;
  }

  /** Failed results of an earlier sitting are removed, so that their tasks are done again. */
  async #forgetFailures(hostRun: HostRun): Promise<void> {
    const forgotten: string[] = [];
    for (const { planned, prepared } of this.#run.state.specs.values()) {
      const key = prepared?.task_key;
      if (key === undefined || this.#run.state.isSettled(planned.spec) || !this.#finishedOnHost.has(key))
        continue;
      if ((await hostRun.result(key))?.status === 'failed') forgotten.push(key);
    }
    await hostRun.forget(forgotten);
    this.#finishedOnHost = this.#finishedOnHost.difference(new Set(forgotten));
  }

  async #collect(hostRun: HostRun): Promise<void> {
    const { observer } = this.#run;
    for await (const event of hostRun.watch(this.#signal)) {
      if (event.type === 'task-started') observer.onTaskStarted(event.taskKey);
      else if (event.type === 'worker-status') this.#heed(event);
      else if (event.type === 'task-finished') await this.#finish(event.result, false);
      else this.#tellReachability(event);
    }
  }

  #heed({ status }: Extract<HostEvent, { type: 'worker-status' }>): void {
    this.#run.observer.onWorkerStatus(status);
    if (status.status !== 'failed' || !status.is_fatal) return;
    throw new AppError({
      code: status.code === 'engine-unreachable' ? 'engine-unreachable' : 'engine-rejected',
      message: status.message ?? 'The engine cannot be used.',
      hint: 'Nothing finished is lost: mend it, then go on with --resume.',
    });
  }

  #tellReachability(event: Extract<HostEvent, { type: 'unreachable' | 'reachable' }>): void {
    const { host } = this.#run.session.checkpoint.settings;
    this.#emit(
      event.type === 'reachable'
        ? { type: 'host-reachable', host }
        : { type: 'host-unreachable', host, message: event.message },
    );
  }

  /** Gives a result to the specs that wait for it. One that nobody waits for yet is found when it is looked up. */
  async #finish(result: TaskResult, isReused: boolean): Promise<void> {
    const { task_key: key } = result;
    if (!isReused) this.#finishedOnHost.add(key);
    const tasks = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const task of tasks) {
      this.#write(task, result, isReused || this.#usedKeys.has(key));
      this.#usedKeys.add(key);
    }
    while (this.#writing.size >= writesAtOnce) await Promise.race(this.#writing);
  }

  // ---- outcomes

  #write(task: PreparedTask, result: TaskResult, isReused: boolean): void {
    const writing = this.#writeNow(task, result, isReused)
      .catch((error: unknown) => this.#stop.abort(error))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #writeNow(task: PreparedTask, result: TaskResult, isReused: boolean): Promise<void> {
    const { session, ports } = this.#run;
    if (!isReused) await ports.results.put(result);
    this.#settle(await finishTask(task, result, isReused, { session, ports }));
  }

  #settle(outcome: RunEventBody & { spec: string }): void {
    this.#emit(outcome);
    const batchId = this.#run.state.specs.get(outcome.spec)?.planned.batch_id ?? null;
    if (batchId !== null) this.#closeInBatch(batchId);
    this.#checkSettled();
  }

  #closeInBatch(batchId: number): void {
    const open = (this.#openInBatch.get(batchId) ?? 1) - 1;
    this.#openInBatch.set(batchId, open);
    if (open > 0) return;
    this.#emit({ type: 'batch-finished', batch_id: batchId });
    const flushing = this.#run.session.flush(true).catch((error: unknown) => this.#stop.abort(error));
    const tracked = flushing.finally(() => this.#writing.delete(tracked));
    this.#writing.add(tracked);
  }

  #emit(body: RunEventBody): void {
    const event = this.#run.session.append(body);
    this.#run.state.apply(body);
    this.#run.observer.onEvent(event);
  }

  #settlePlannedFailures(): void {
    for (const { planned, failed } of this.#run.state.specs.values()) {
      if (planned.action !== 'fail' || failed || !planned.failure) continue;
      this.#emit({
        type: 'task-failed',
        spec: planned.spec,
        task_key: null,
        attempts: 0,
        ...planned.failure,
      });
    }
  }

  #countOpenBatches(): void {
    const { session, state } = this.#run;
    for (const batch of session.checkpoint.batches) {
      const open = batch.specs.filter((spec) => !state.isSettled(spec)).length;
      if (open > 0) this.#openInBatch.set(batch.batch_id, open);
    }
  }

  #checkSettled(): void {
    if (this.#run.state.pendingCount === 0) this.#settled.resolve();
  }

  #isResumed(): boolean {
    return this.#run.session.events.length > 0;
  }

  /** @param grantedMs - How long the workers may finish what is in flight; null lets them go on. */
  async #close(grantedMs: number | null): Promise<void> {
    const hostRun = await this.#hostRun?.catch(() => null);
    if (!hostRun) return;
    if (grantedMs !== null) await hostRun.stop(grantedMs);
    this.#stop.abort();
    await this.#collecting;
    await hostRun.close();
  }
}

function batchIdOf(preparation: Preparation): number {
  const { planned } = preparation.isReady ? preparation.task : preparation;
  return planned.batch_id ?? 0;
}

function manifestTask(task: PreparedTask, maxOutputTokens: number): ManifestTask {
  const { taskKey, planned, prompt, hint } = task;
  const sent = hint && { sha256: hint.sha256, width: hint.width, height: hint.height, frames: hint.frames };
  return {
    task_key: taskKey,
    name: planned.name.slice(0, 200),
    prompt,
    hint: sent,
    max_output_tokens: maxOutputTokens,
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
