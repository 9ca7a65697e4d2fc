import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { LaneStatus, WorkerStatus } from '../../protocol/worker-status.ts';
import type { EngineError } from './engine-error.ts';
import type { QueueCounts } from './task-queue.ts';

/** What a status is made of. Times are milliseconds since the epoch. */
interface StatusFacts {
  readonly workerId: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly phase: WorkerStatus['status'];
  readonly counts: QueueCounts;
  readonly currentBatch: number | null;
  readonly rate: WorkRate;
  /** Why no request can succeed; null while some may. */
  readonly failure: EngineError | null;
  readonly waitReason: string | null;
  /** Engine processes, where there are several. */
  readonly lanes: LaneStatus[] | null;
}

/** How fast the work goes since it last began, to tell when it will end. Loading and idle times do not count. */
export class WorkRate {
  #beganAtMs: number | null = null;
  #finished = 0;

  /** Work is under way. May be repeated. */
  begin(nowMs: number): void {
    this.#beganAtMs ??= nowMs;
  }

  /** One more task is done. */
  count(): void {
    this.#finished += 1;
  }

  /** Nothing is under way. */
  reset(): void {
    this.#beganAtMs = null;
    this.#finished = 0;
  }

  /** When the remaining tasks will be done, in milliseconds since the epoch; null before the first one is. */
  completionMs(remainingTasks: number, nowMs: number): number | null {
    if (this.#beganAtMs === null || this.#finished === 0) return null;
    return nowMs + (remainingTasks * (nowMs - this.#beganAtMs)) / this.#finished;
  }
}

interface StatusPublisherDeps {
  readonly workerId: number;
  /** The run folder. */
  readonly store: FileStore;
  readonly clock: Clock;
  current(): WorkerStatus;
  /** What {@link urgentState} gives for it: asked for far more often. */
  currentState(): string;
  onPublish(status: WorkerStatus): void;
  log(line: string): void;
}

/** Changes of mere numbers are published at most this often. */
const numbersIntervalMs = 500;

/** Publishes the worker's status: to listeners, and in its status file. State changes at once, numbers now and then. */
export class StatusPublisher {
  readonly #deps: StatusPublisherDeps;
  #publishedState = '';
  #isPublishDue = false;
  #isWritten = true;
  #writing: Promise<void> = Promise.resolve();
  #failedWrites = 0;
  #isClosed = false;

  constructor(deps: StatusPublisherDeps) {
    this.#deps = deps;
  }

  /** Something may have changed. */
  update(): void {
    if (this.#deps.currentState() !== this.#publishedState) this.publish();
    else if (!this.#isPublishDue) void this.#publishLater();
  }

  publish(): void {
    if (this.#isClosed) return;
    const status = this.#deps.current();
    this.#publishedState = urgentState(status.status, status.message);
    this.#deps.onPublish(status);
    this.#isWritten = false;
    this.#writing = this.#writing.then(() => this.#writeLatest());
  }

  /** Publishes the last status. Resolves when the file holds it, or could not be written. */
  async close(): Promise<void> {
    this.publish();
    this.#isClosed = true;
    await this.#writing;
  }

  async #publishLater(): Promise<void> {
    this.#isPublishDue = true;
    await this.#deps.clock.sleep(numbersIntervalMs);
    this.#isPublishDue = false;
    this.publish();
  }

  /** Several statuses during one write become one write. */
  async #writeLatest(): Promise<void> {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const path = layout.workerStatus(this.#deps.workerId);
    try {
      await this.#deps.store.publish(path, `${JSON.stringify(this.#deps.current(), null, 2)}\n`);
      this.#failedWrites = 0;
    } catch (error) {
      this.#failedWrites += 1;
      if (this.#failedWrites === 1) this.#deps.log(`cannot write ${path}: ${messageOf(error)}`);
    }
  }
}

/** What of a status is published at once when it changes. */
export function urgentState(status: WorkerStatus['status'], message: string | null): string {
  return `${status} ${message}`;
}

/** The status as it goes over the wire and into the file. */
export function buildStatus({ counts, nowMs, failure, ...facts }: StatusFacts): WorkerStatus {
  const done = counts.okTasks + counts.failedTasks;
  const percent = counts.totalTasks === 0 ? 0 : (100 * done) / counts.totalTasks;
  const completionMs = facts.rate.completionMs(counts.totalTasks - done, nowMs);
  return {
    version: protocolVersion,
    worker_id: facts.workerId,
    status: facts.phase,
    total_batches: counts.totalBatches,
    completed_batches: counts.completedBatches,
    current_batch: facts.currentBatch,
    progress_percent: Math.floor(percent * 10) / 10,
    start_time: toIso(facts.startedAtMs),
    estimated_completion: completionMs === null ? null : toIso(completionMs),
    completed_tasks: counts.okTasks,
    failed_tasks: counts.failedTasks,
    updated_at: toIso(nowMs),
    message: messageOfStatus(failure, facts.waitReason),
    code: failure?.code ?? null,
    is_fatal: failure !== null,
    ...(facts.lanes && { lanes: facts.lanes }),
  };
}

/** What a status says for people. */
export function messageOfStatus(failure: EngineError | null, waitReason: string | null): string | null {
  return failure?.message ?? waitReason;
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
