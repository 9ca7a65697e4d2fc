import type { WorkerStatus } from '../../src/protocol/worker-status.ts';

/** The status of a worker that works; `changes` say what is different. */
export function workerStatus(changes: Partial<WorkerStatus>): WorkerStatus {
  return {
    version: 1,
    worker_id: 0,
    status: 'processing',
    total_batches: 1,
    completed_batches: 0,
    current_batch: 0,
    progress_percent: 0,
    start_time: '2026-03-01T10:15:00.000Z',
    estimated_completion: null,
    completed_tasks: 0,
    failed_tasks: 0,
    updated_at: '2026-03-01T10:15:00.000Z',
    message: null,
    code: null,
    is_fatal: false,
    ...changes,
  };
}
