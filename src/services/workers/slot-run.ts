import { onAbort, unlessAborted } from '../../async/abort.ts';
import { AppError } from '../../errors/app-error.ts';
import { isPassing } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostEvent, HostRun, OutputFacts } from '../../ports/host.ts';
import type { TakenJob } from '../../ports/job-queue.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import type { WorkerPlace, WorkerSlot } from '../../ports/worker-place.ts';
import { layout } from '../../protocol/layout.ts';
import { objectsOf, type WorkBatch, type WorkEngine } from '../../protocol/manifest.ts';
import type { TaskErrorCode, TaskResult } from '../../protocol/task-result.ts';

/** How much of a worker's log is kept with the run, in bytes. */
const logTailBytes = 64 * 1024;

/** Pause before it is tried again to publish what the store does not take, in milliseconds. */
const publishPauseMs = 2_000;

/** How often the log is looked at while a run is being stopped, in milliseconds … */
const logEveryMs = 1_000;
/** … and while jobs follow one another well. */
const quietLogMs = 10_000;

export interface Work {
  /** Tasks without a result. */
  readonly batch: WorkBatch;
  readonly engine: WorkEngine;
}

/** Why this machine may not work on a run that it has open; null when it may. The one place where a worker admits itself. */
export type Admit = (run: HostRun, runId: string, work: Work, signal: AbortSignal) => Promise<string | null>;

interface SlotRunDeps {
  readonly runId: string;
  readonly machine: string;
  readonly store: SharedStore;
  readonly place: WorkerPlace;
  readonly slot: WorkerSlot;
  readonly clock: Clock;
  /** What keeps a job waiting for now; null when it continues. */
  noteProblem(job: TakenJob, problem: Error | null): void;
}

/** A run that a slot has open on its own machine: jobs of it follow one another without a new start of its worker. */
export class SlotRun {
  readonly runId: string;
  readonly #deps: SlotRunDeps;
  readonly #run: HostRun;
  #refusal: Promise<string | null> | null = null;
  /** Results that a worker that was killed here left of the run. */
  readonly #leftovers: ReadonlySet<string>;
  readonly #closing = new AbortController();
  /** What the worker says, read for all jobs: each new stream would begin with a look at all results. */
  #events: AsyncIterator<HostEvent> | null = null;
  #nextEvent: Promise<IteratorResult<HostEvent>> | null = null;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  /** Tasks whose result was published: a client that asks for one again has removed that. */
  readonly #published = new Set<string>();

  private constructor(deps: SlotRunDeps, run: HostRun, leftovers: ReadonlySet<string>) {
    this.runId = deps.runId;
    this.#deps = deps;
    this.#run = run;
    this.#leftovers = leftovers;
  }

  static async open(deps: SlotRunDeps): Promise<SlotRun> {
    const run = await deps.slot.host.openRun(deps.runId, { workers: 1 });
    return new SlotRun(deps, run, await run.finishedKeys());
  }

  /** Found out once for all jobs of the run. */
  refusal(work: Work, admit: Admit, signal: AbortSignal): Promise<string | null> {
    // Anyone who can write to the queue could have any program run here.
    if ('command_folder' in work.engine && work.engine.kind === 'command')
      return Promise.resolve('retouch runs programs only on the machine that it was started on');
    this.#refusal ??= this.#followed(signal, (stop) => admit(this.#run, this.runId, work, stop)).catch(
      (error: unknown) => {
        this.#refusal = null;
        throw error;
      },
    );
    return this.#refusal;
  }

  /** Keeps the run's worker running meanwhile: one that is killed is only started again while somebody watches. */
  async #followed<T>(signal: AbortSignal, use: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const done = new AbortController();
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, done.signal, failed.signal]);
    const follow = async () => {
      for await (const event of this.#run.watch(stop)) assertAble(event);
    };
    const following = follow().catch((error: unknown) => failed.abort(error));
    try {
      return await use(stop);
    } catch (error) {
      throw failed.signal.aborted ? failed.signal.reason : error;
    } finally {
      done.abort();
      await following;
    }
  }

  /**
   * Does tasks that have no result in the store, and publishes each as soon as it is done.
   *
   * @param drainMs - Gives how long what is in flight may take when `stop` aborts.
   * @returns whether all are done; false when it was stopped before.
   * @throws AppError when this machine cannot do them.
   */
  async work(
    batch: WorkBatch,
    engine: WorkEngine,
    job: TakenJob,
    stop: AbortSignal,
    drainMs: () => number,
  ): Promise<boolean> {
    const open = new Set(batch.tasks.map(({ task_key: key }) => key));
    for (const key of [...open])
      if (this.#leftovers.has(key) || this.#published.has(key))
        await this.#settleLeftover(key, open, job, stop);
    const tasks = batch.tasks.filter(({ task_key: key }) => open.has(key));
    if (tasks.length === 0) return true;
    await this.#deliver(tasks.flatMap((task) => objectsOf(task, engine)));
    stop.throwIfAborted();
    await this.#run.submit({ ...batch, tasks }, withoutFailureLimit(engine));
    await this.#collect(open, job, stop, drainMs);
    return open.size === 0;
  }

  /** Ends the run here: what is in flight is dropped, and nothing of it is done later by itself. */
  async close(): Promise<void> {
    const { slot, runId } = this.#deps;
    // What follows the worker would start it again.
    this.#closing.abort();
    await this.publishLog();
    await this.#run.close();
    await slot.host.stopRun(runId, { workers: 1, isWithdrawn: true });
    await slot.clear();
  }

  async #collect(open: Set<string>, job: TakenJob, stop: AbortSignal, drainMs: () => number): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, job.lost]);
    const { machine } = this.#deps;
    const stopListening = onAbort(stop, () => {
      void this.#stop(drainMs()).finally(() => done.abort());
    });
    try {
      for (let event = await this.#next(signal); event !== null; event = await this.#next(signal)) {
        if (event.type === 'task-started') job.emit({ type: 'started', machine, key: event.taskKey });
        else if (event.type === 'task-progress') {
          const { taskKey: key, doneParts: done_parts, totalParts: total_parts } = event;
          job.emit({ type: 'progress', machine, key, done_parts, total_parts });
        } else if (event.type === 'task-finished' && open.has(event.result.task_key)) {
          await this.#publish(event.result, job, stop);
          open.delete(event.result.task_key);
          job.emit({ type: 'finished', machine, key: event.result.task_key });
          if (open.size === 0) return;
        } else assertAble(event);
      }
      // What was finished while the worker drained.
      for (const key of await this.#run.finishedKeys()) await this.#settleLeftover(key, open, job, stop);
    } finally {
      stopListening();
      const isDue = this.#deps.clock.now() - this.#loggedAtMs > quietLogMs;
      if (isDue || open.size > 0) await this.publishLog();
    }
  }

  /** The next event of the run's own worker, for one job after the other; null when `signal` aborts first, or none comes. */
  async #next(signal: AbortSignal): Promise<HostEvent | null> {
    this.#events ??= this.#run.watch(this.#closing.signal)[Symbol.asyncIterator]();
    this.#nextEvent ??= this.#events.next();
    try {
      const next = await unlessAborted(this.#nextEvent, signal);
      this.#nextEvent = null;
      return next.done ? null : next.value;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  async #stop(drainMs: number): Promise<void> {
    const timer = setInterval(() => void this.publishLog(), logEveryMs);
    try {
      await this.#run.stop(drainMs);
    } finally {
      clearInterval(timer);
    }
  }

  /** A result that stands here only is published now; one that was published, and is asked for again, is made again. */
  async #settleLeftover(taskKey: string, open: Set<string>, job: TakenJob, stop: AbortSignal): Promise<void> {
    if (!open.has(taskKey)) return;
    const result = this.#published.has(taskKey) ? null : await this.#run.result(taskKey);
    if (result?.status === 'ok') {
      await this.#publish(result, job, stop);
      open.delete(taskKey);
    } else await this.#run.forget([taskKey]);
  }

  /** What is made is kept here until the store takes it: nothing is made, or asked for, twice because a disk is full. */
  async #publish(result: TaskResult, job: TakenJob, stop: AbortSignal): Promise<void> {
    const { noteProblem, clock } = this.#deps;
    const signal = AbortSignal.any([stop, job.lost]);
    for (let isHeld = false; ; isHeld = true) {
      try {
        await this.#tryPublish(result);
        if (isHeld) noteProblem(job, null);
        return;
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error;
        noteProblem(job, error);
        await clock.sleep(publishPauseMs, signal).catch(() => undefined);
      }
    }
  }

  /** The file first: a result promises it. */
  async #tryPublish(result: TaskResult): Promise<void> {
    const { store, place, runId } = this.#deps;
    const { task_key: key } = result;
    const outputs = outputsOf(result);
    for (const [name, facts] of outputs) {
      await place.withFile(`${name}.mp4`, async (path) => {
        await this.#run.downloadOutput(name, facts, path);
        await store.putFile(`${layout.run(runId)}/${layout.output(name)}`, path, facts);
      });
    }
    const path = `${layout.run(runId)}/${layout.result(key)}`;
    await store.files.publishOnce(path, JSON.stringify(result), () => true);
    this.#published.add(key);
    await this.#run.dropOutputs([...outputs.keys()]);
  }

  async #deliver(sha256s: readonly string[]): Promise<void> {
    const missing = await this.#run.missingObjects([...new Set(sha256s)]);
    const { store, place } = this.#deps;
    for (const sha256 of missing) {
      const path = await place.objectPath(sha256);
      if (!(await store.fetchFile(layout.object(sha256), { sha256 }, path)))
        throw objectIsGone(sha256, store);
      await this.#run.deliver([{ sha256, path, sizeBytes: 0 }]);
    }
  }

  /** The end of the worker's log. One that cannot be published takes nothing from the work. */
  async publishLog(): Promise<void> {
    const { slot, runId, machine, store, clock } = this.#deps;
    this.#loggedAtMs = clock.now();
    try {
      const log = await slot.host.readLog(runId, { kind: 'worker', workerId: 0 }, -logTailBytes);
      if (log) await store.files.publish(`${layout.run(runId)}/${layout.machineLog(machine)}`, log.text);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
}

/** Whose run it is sees the failures of all machines and stops; here, a limit would fail tasks that were never tried. */
function withoutFailureLimit(engine: WorkEngine): WorkEngine {
  return 'retry' in engine ? { ...engine, retry: { ...engine.retry, max_equal_failures: 0 } } : engine;
}

/** This machine cannot do what the job asks for: a wrong key, an unknown model, no runtime. */
export class UnableError extends Error {
  readonly code: TaskErrorCode | null;

  constructor(message: string, code: TaskErrorCode | null) {
    super(message);
    this.code = code;
  }
}

/** @throws UnableError when a worker says that its engine cannot be used here. */
function assertAble(event: HostEvent): void {
  if (event.type !== 'worker-status' || event.status.status !== 'failed' || !event.status.is_fatal) return;
  const { message, code } = event.status;
  throw new UnableError(message ?? 'The engine cannot be used.', code ?? null);
}

/** The videos that a task made, by the names of their files. */
function outputsOf({ task_key: key, segment, video }: TaskResult): ReadonlyMap<string, OutputFacts> {
  const facts = segment ?? video;
  if (!facts) return new Map();
  const controls = (video?.controls ?? []).map((control) => [control.key, control] as const);
  return new Map<string, OutputFacts>([[key, facts], ...controls]);
}

function objectIsGone(sha256: string, store: SharedStore): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The input ${sha256} is not in ${store.name}.`,
    nextStep: 'Resume the run: it is sent again.',
  });
}
