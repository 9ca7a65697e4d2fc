import { protocolVersion } from '../../protocol/version.ts';
import type { LaneStatus, WorkerStatus } from '../../protocol/worker-status.ts';
import type { EngineError } from '../engines/engine.ts';
import type { WorkCounts } from './task-queue.ts';

/** What a status is made of. Times are milliseconds since the epoch. */
interface StatusFacts {
  readonly workerId: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly phase: WorkerStatus['status'];
  readonly counts: WorkCounts;
  readonly currentBatch: number | null;
  readonly completionMs: number | null;
  /** Why no request can succeed; null while some may. */
  readonly failure: EngineError | null;
  /** Why the worker waits; null while it does not. */
  readonly trouble: string | null;
  /** Engine processes, where there are several. */
  readonly lanes: LaneStatus[] | null;
}

/** The status as it goes over the wire and into the file. */
export function buildStatus(facts: StatusFacts): WorkerStatus {
  const { counts, completionMs } = facts;
  const done = counts.okTasks + counts.failedTasks;
  const percent = counts.totalTasks === 0 ? 0 : (100 * done) / counts.totalTasks;
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
    updated_at: toIso(facts.nowMs),
    message: facts.failure?.message ?? facts.trouble,
    code: facts.failure?.code ?? null,
    is_fatal: facts.failure !== null,
    ...(facts.lanes && { lanes: facts.lanes }),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
