import type { WorkerFacts } from '../protocol/queue.ts';
import type { CheckResult } from './diagnostics.ts';

/** How many jobs of one run stand where. JSON, so snake_case. */
export interface QueuedRun {
  readonly run_id: string;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
  /** Tasks with a result in the store, of those that were submitted. */
  readonly finished_tasks: number;
  readonly total_tasks: number;
}

/** How a queue stands. JSON, so snake_case. */
export interface QueueFacts {
  readonly version: 1;
  readonly queue: string;
  readonly store: string;
  /** Whether workers take no jobs for now. */
  readonly is_paused: boolean;
  readonly workers: readonly WorkerFacts[];
  readonly runs: readonly QueuedRun[];
}

/** Something in the store that no run needs. JSON, so snake_case. */
export interface UnneededInStore {
  readonly kind: 'run' | 'object';
  readonly name: string;
  readonly size_bytes: number;
  readonly reason: string;
}

/**
 * Upkeep of a queue and its store.
 *
 * @throws AppError `host-unreachable`, `config-invalid`.
 */
export interface QueueUpkeep {
  facts(): Promise<QueueFacts>;
  /** Has workers take no more jobs, or take them again. */
  setPaused(isPaused: boolean): Promise<void>;
  /** Has the jobs of failed tasks done again, those of one run or of all with jobs that failed. @returns how many. */
  retry(runId: string | null): Promise<number>;
  /** Runs that are finished or stopped, and inputs that no other run needs; touched longer than `keepMs` ago. */
  findUnneeded(keepMs: number): Promise<readonly UnneededInStore[]>;
  remove(unneeded: readonly UnneededInStore[]): Promise<void>;
  /** Every prerequisite, for `doctor`. Never throws. */
  check(): Promise<readonly CheckResult[]>;
  close(): Promise<void>;
}
