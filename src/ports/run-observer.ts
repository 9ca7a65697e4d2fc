import type { UpsampleEvent } from '../core/upsample/upsample-event.ts';
import type { WorkerStatus } from '../protocol/worker-status.ts';

/** A run as it stands when work on it begins. */
export interface RunBeginning {
  readonly runId: string;
  readonly total: number;
  /** Specs that need no work any more: finished, failed or skipped. */
  readonly settled: number;
  /** How many of the settled ones failed; 0 unless told. */
  readonly failed?: number;
  /** Tasks in flight at once. */
  readonly concurrency: number;
  /** Engine and model for people; see `engineText`. */
  readonly engine?: string;
}

/** Whoever wants to see a run while it happens: bars on a terminal, lines in a log, a stream of events. */
export interface RunObserver {
  /** Specs read and decided so far, while the plan is made. `total` is known from the first call on. */
  onPlanned(done: number, total: number): void;
  /** The run is about to work. */
  onBegin(run: RunBeginning): void;
  onEvent(event: UpsampleEvent): void;
  /** An engine took up a task: from here on time counts. */
  onTaskStarted(taskKey: string): void;
  onWorkerStatus(status: WorkerStatus): void;
  /** Something a person should know that changes nothing: one sentence. */
  onNotice(message: string): void;
  /** Nothing more will come. May be told twice. */
  onEnd(): void;
}
