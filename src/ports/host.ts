import type { MachineState } from '../core/run/run-status.ts';
import type { WorkBatch, WorkEngine, WorkTask } from '../protocol/manifest.ts';
import type { FinishedVideo } from '../protocol/queue.ts';
import type { TaskResult } from '../protocol/task-result.ts';
import type { WorkerStatus } from '../protocol/worker-status.ts';

/** A video that a task made, as its result says. */
export interface OutputFacts {
  readonly sha256: string;
  readonly size_bytes: number;
}

/** A file to be on the host under its content's hash. */
export interface HostObject {
  /** Hex SHA-256 of the content, and its name on the host. */
  readonly sha256: string;
  /** Where the bytes lie on this machine. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Whether it is a file of the user's own, of which nothing may change. */
  readonly isSource?: boolean;
}

/** What a host notifies of. `task-finished` comes only after the result is durable on the host. */
export type HostEvent =
  | { readonly type: 'worker-status'; readonly status: WorkerStatus }
  | { readonly type: 'task-started'; readonly taskKey: string; readonly machine?: string }
  /** A host of several machines gave a task to one of them; `isCopy` when another one has it too. */
  | {
      readonly type: 'task-assigned';
      readonly taskKey: string;
      readonly machine: string;
      readonly isCopy: boolean;
    }
  /** How one of several machines stands from now on. */
  | {
      readonly type: 'machine-changed';
      readonly machine: string;
      readonly state: MachineState;
      readonly message: string | null;
    }
  | {
      readonly type: 'task-progress';
      readonly taskKey: string;
      readonly doneParts: number;
      readonly totalParts: number;
    }
  | { readonly type: 'task-finished'; readonly result: TaskResult; readonly machine?: string }
  | { readonly type: 'unreachable'; readonly message: string }
  | { readonly type: 'reachable' };

/**
 * A machine that runs workers. It owns the truth about submitted work: what is running, what is finished. Work continues
 * when the caller dies.
 */
export interface Host {
  readonly name: string;
  /** Tasks go to several machines, each of which needs their inputs; missing: to one. */
  readonly isSpread?: boolean;
  /** Batches that it takes well at once, in whatever order they arrive; missing: as many as the kind of work sends. */
  readonly submitsAtOnce?: number;
  /**
   * Starts what takes time whatever the run is, before there is one: nothing is written, and disposing ends what no run took.
   * Missing: there is nothing of that sort.
   */
  expectRun?(): Disposable;
  /**
   * Opens a run on the host: makes its folders and starts its workers, or adopts those that run already.
   * Safe to repeat.
   *
   * @throws AppError `host-unreachable`, `prerequisite-missing`, `worker-failed`.
   */
  openRun(runId: string, options: HostRunOptions): Promise<HostRun>;
  /**
   * Stops the workers of a run on the host, and starts nothing. What is in flight is dropped. Where the work is withdrawn,
   * no worker that starts later does it either; results stay.
   */
  stopRun(runId: string, options: HostRunOptions & { readonly isWithdrawn?: boolean }): Promise<void>;
  /**
   * What the host knows of a run. Starts nothing, changes nothing.
   *
   * @throws AppError `host-unreachable`, soon: a query does not wait for a lost host to come back.
   */
  lookUp(runId: string): Promise<HostRunFacts>;
  /**
   * A part of a log, whole lines only, from a byte on, or from so many bytes before its end; null when there is no such
   * log. A log that is shorter by now was started again, and is read from its beginning.
   *
   * @throws AppError as `lookUp`.
   */
  readLog(runId: string, log: LogName, fromByte: number): Promise<LogPart | null>;
  /**
   * Brings home the video that a host put together by itself of a whole run, verified.
   *
   * @returns what it is; null where there is none.
   * @throws AppError `output-exists` when another file is at `path` and may not be replaced.
   */
  fetchFinal?(runId: string, path: string, mayReplace: boolean): Promise<FinishedVideo | null>;
  /** The run has its result: a host that would put it together need not. */
  noteFinished?(runId: string): Promise<void>;
  /** Releases what queries hold open. Runs that are open have a `close` of their own. */
  close(): Promise<void>;
}

/** Which log: a worker's, or that of the model server that it started. */
export interface LogName {
  readonly kind: 'worker' | 'engine';
  readonly workerId: number;
}

export interface HostRunFacts {
  /** `unknown`: nothing of it is there. `stopped`: unfinished, and no worker works on it. */
  readonly state: 'running' | 'finished' | 'stopped' | 'unknown';
  /** Tasks with a published result, good or bad. */
  readonly finishedTasks: number;
  /** Tasks that were submitted. */
  readonly totalTasks: number;
}

/** Bytes of a log, as text: `firstByte` is where they begin, `nextByte` where the following part does. */
export interface LogPart {
  readonly text: string;
  readonly firstByte: number;
  readonly nextByte: number;
}

/**
 * What the workers of a run need beside their own program: `nothing`; a `model-server`, which they start themselves, with
 * its GPUs and weights; the `onnx-runtime`, with a GPU where the host has some; or an `inference-model`, a Cosmos model's
 * own program with its GPUs and weights.
 */
export type WorkerNeeds = 'nothing' | 'model-server' | 'onnx-runtime' | 'inference-model';

/**
 * Checks what a machine returned for a task, before it counts: gives the result as it came, or a failed one in its place where
 * it cannot be used.
 */
export type JudgeResult = (task: WorkTask, result: TaskResult, machine: string) => TaskResult;

export interface HostRunOptions {
  readonly workers: number;
  /** Left out: `nothing`. */
  readonly needs?: WorkerNeeds;
  /** The image to name where nothing is needed and the host has none at all; left out: `upsampler`. */
  readonly usualImage?: 'upsampler' | 'upscaler';
  /** Keys of tasks that earlier sessions gave to each of several machines, by its name, and that have no answer yet. */
  readonly given?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Asked by a host that can have a task done elsewhere; missing: every result counts. */
  readonly judge?: JudgeResult;
  /** Ends opening the run and waiting for the host's workers. Submitted work continues. */
  readonly signal?: AbortSignal;
}

/** What a host that can finish runs by itself needs for that. */
export interface SubmittedPlan {
  /** The run's checkpoint on this machine. */
  readonly checkpointPath: string;
  /** Files that the last step needs; null for a run that no host can finish by itself. */
  readonly objects: readonly HostObject[] | null;
  /** No client will wait for the run: whatever is still here is given out at once. */
  readonly isLeaving?: boolean;
}

/** One run on one host. Every call may be repeated after any failure; none does finished work again. */
export interface HostRun {
  /** Keys of all tasks whose result is published, whether ok or failed. */
  finishedKeys(): Promise<ReadonlySet<string>>;
  /** A published result; null when there is none. A damaged one is removed, so that it is made again. */
  result(taskKey: string): Promise<TaskResult | null>;
  /** Those of the given contents that are not on the host. */
  missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** Sends files to the host, each under its hash; a file that is there already is not sent again. */
  deliver(objects: readonly HostObject[]): Promise<void>;
  /**
   * Submits a batch, durably, to the next worker in turn. Tasks that are finished or queued stay so. The engine's
   * kind says which kind of work it is. A host of several machines may decide later which worker gets it: then
   * `workerId` is null, and what is not with a worker when this process dies has to be submitted again.
   */
  submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: number | null }>;
  /**
   * Takes back tasks that no worker has started.
   *
   * @returns keys of those that the host will surely not do unless they are submitted again.
   */
  withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>>;
  /** No more batches come in this session. */
  allSubmitted(plan: SubmittedPlan): Promise<void>;
  /**
   * Downloads the video that a finished task made to `path` on this machine: whole, verified, flushed to the disk. A file that
   * is there already is not downloaded again; a transfer that broke off continues where it stopped.
   *
   * @throws AppError `host-unreachable`, `disk-full`, `worker-failed` when the host's file is gone or damaged.
   */
  downloadOutput(taskKey: string, expected: OutputFacts, path: string): Promise<void>;
  /** Removes videos that tasks made from the host; their results stay. A file that is gone is no error. */
  dropOutputs(taskKeys: readonly string[]): Promise<void>;
  /** Removes results, so that their tasks are done again when a batch with them is next submitted. */
  forget(taskKeys: readonly string[]): Promise<void>;
  /**
   * What happens from now on, until `signal` aborts. A worker that dies is started again. Results that were published
   * while no stream was open are reported too, so a result may be reported more than once.
   *
   * @throws AppError `worker-failed` when a worker cannot be kept alive.
   */
  watch(signal: AbortSignal): AsyncIterable<HostEvent>;
  /** Stops the workers: what is in flight has `drainMs` to finish, the rest stays undone. */
  stop(drainMs: number): Promise<void>;
  /** Releases the host; its work continues. */
  close(): Promise<void>;
}

/** A run on one machine, which may be a member of a pool. */
export interface MachineRun extends HostRun {
  /** Keys of all tasks that its workers have, finished or not: those of earlier sessions, too. */
  submittedKeys(): Promise<ReadonlySet<string>>;
}

/** A host that is one machine. */
export interface Machine extends Host {
  openRun(runId: string, options: HostRunOptions): Promise<MachineRun>;
}
