import { setMaxListeners } from 'node:events';
import type { Manifest, WorkEngine, WorkTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import type { Routes } from '../http/json-server.ts';
import type { EngineError } from './engine-error.ts';

/** Either a result to publish, or the failure that ends the engine's use and leaves the task as it was. */
export type TaskOutcome =
  | { readonly isFatal: false; readonly result: TaskResult }
  | { readonly isFatal: true; readonly error: EngineError };

/** Called with how much of a task is done. */
export type ProgressListener = (doneParts: number, totalParts: number) => void;

/**
 * What the result of a task says whatever kind of work it is; the task was given up where there is an error.
 *
 * @param startedAtMs - When its work began; null when it did not.
 */
export function resultBase(
  { task_key }: Pick<WorkTask, 'task_key'>,
  attempts: { readonly count: number; readonly startedAtMs: number | null },
  nowMs: number,
  error: EngineError | null,
) {
  return {
    version: protocolVersion,
    task_key,
    status: error ? 'failed' : 'ok',
    attempts: attempts.count,
    duration_ms: Math.max(0, Math.round(nowMs - (attempts.startedAtMs ?? nowMs))),
    finished_at: new Date(nowMs).toISOString(),
    // Asking again later is pointless only where the request itself is bad.
    error: error && { code: error.code, message: error.message, is_retryable: error.class !== 'permanent' },
  } as const;
}

/** One engine in use, from its start to its last task: what a worker needs of it, whatever kind of work it does. */
export abstract class EngineSession {
  tasks = 0;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  /** Aborts when no new request may begin. */
  readonly stopSignal = this.#stopping.signal;
  /** Aborts when what is in flight is to end, too. */
  readonly abortSignal = this.#aborting.signal;

  constructor() {
    // One listener per task that waits or asks; their number is bounded by `taskLimit`.
    setMaxListeners(0, this.stopSignal, this.abortSignal);
  }

  /** How many tasks may be under way. */
  abstract readonly taskLimit: number;
  /** Why tasks wait; null while they do not. */
  abstract readonly waitReason: string | null;
  /** The engine starts again. */
  abstract readonly isRestarting: boolean;
  /** The engine holds what others may wait for: it is closed when there is nothing to do, and reopened for new tasks. */
  abstract readonly isReleasedWhenIdle: boolean;

  /** Makes the engine ready, or says why it never will be. Called once. */
  abstract start(): Promise<void>;

  /** Does one task. Rejects with a signal's reason when the session stops first; then the task is as it was. */
  abstract run(task: WorkTask, onProgress: ProgressListener): Promise<TaskOutcome>;

  /** Frees what the engine took. Called when no task is left. */
  abstract close(): Promise<void>;

  /** Announces a task that is to come, or that is done already. May be repeated. */
  expect(_task: WorkTask, _isDone: boolean): void {}

  /** Forgets that the engine was unreachable. */
  tryAgain(): void {}

  /** Its engine processes, where it has several. */
  laneStatus(): LaneStatus[] | null {
    return null;
  }

  /** Nothing begins any more; tasks that only wait are given back. */
  stop(): void {
    this.#stopping.abort(new Error('the worker takes no more tasks'));
  }

  /** Ends what is in flight, too. */
  abort(): void {
    this.stop();
    this.#aborting.abort(new Error('the worker ends'));
  }
}

export interface WorkKind {
  open(spec: WorkEngine): EngineSession;
  /** Takes note of manifests, of any kind, and of results that are there already. */
  learn?(manifests: readonly Manifest[], results: readonly TaskResult[]): void;
  /** What it adds to the worker's API. */
  readonly routes?: Routes;
}

export type WorkKinds = Readonly<Record<Manifest['kind'], WorkKind>>;
