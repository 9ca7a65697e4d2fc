import type { RunEvent } from '../core/run/run-event.ts';
import type { WorkerStatus } from '../protocol/worker-status.ts';

/** Whoever wants to see a run while it happens: bars on a terminal, lines in a log, a stream of events. */
export interface RunObserver {
  /** Specs read and decided so far, while the plan is made. `total` is known from the first call on. */
  onPlanned(done: number, total: number): void;
  /** The run is about to work on `total` specs, `settled` of which are done already. */
  onBegin(run: { runId: string; total: number; settled: number; concurrency: number }): void;
  onEvent(event: RunEvent): void;
  /** An engine took up a task: from here on time counts. */
  onTaskStarted(taskKey: string): void;
  onWorkerStatus(status: WorkerStatus): void;
  /** Something a person should know that changes nothing: one sentence. */
  onNotice(message: string): void;
  /** Nothing more will come. May be told twice. */
  onEnd(): void;
}
