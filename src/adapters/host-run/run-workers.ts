import type { WorkerApi } from './worker-api.ts';

/** One worker of a run, as the adapter that hands work over sees it: a process here, a slot of a container there. */
export interface RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  /** For people: where its log can be read. */
  readonly logPlace: string;
  /**
   * Adopts the worker when it answers, else starts it; returns once it answers.
   *
   * @throws AppError `worker-failed` when this one cannot be started; other codes when none can.
   */
  ensureRunning(): Promise<{ readonly isStarted: boolean }>;
  /** Asks the worker to stop; what is in flight has `drainMs` to finish. */
  stop(drainMs: number): Promise<void>;
  /** Returns only when the worker is surely dead, so that its work can be given to others. */
  kill(): Promise<void>;
}
