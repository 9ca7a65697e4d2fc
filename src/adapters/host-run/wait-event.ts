import type { HostEvent } from '../../ports/host.ts';
import { protocolVersion } from '../../protocol/version.ts';

/**
 * What a run on several machines waits for, as a worker would say it.
 *
 * @param reason - Null when it continues.
 */
export function waitEvent(reason: string | null, workerId: number, nowMs: number): HostEvent {
  const now = new Date(nowMs).toISOString();
  return {
    type: 'worker-status',
    status: {
      ...{ version: protocolVersion, worker_id: workerId, status: 'idle', is_fatal: false, message: reason },
      ...{ total_batches: 0, completed_batches: 0, current_batch: null, progress_percent: 0 },
      ...{ completed_tasks: 0, failed_tasks: 0 },
      ...{ start_time: now, updated_at: now, estimated_completion: null },
    },
  };
}
