import { z } from 'zod';
import { protocolVersion } from './version.ts';

/** `runs/<run_id>/status/worker_<n>_status.json` and `GET /status`. Times are ISO 8601 or null. */
export const workerStatusSchema = z.object({
  version: z.literal(protocolVersion),
  worker_id: z.int().min(0),
  status: z.enum(['loading', 'idle', 'processing', 'stopped', 'failed']),
  total_batches: z.int().min(0),
  completed_batches: z.int().min(0),
  current_batch: z.int().min(0).nullable(),
  progress_percent: z.number().min(0).max(100),
  start_time: z.iso.datetime(),
  estimated_completion: z.iso.datetime().nullable(),
  completed_tasks: z.int().min(0),
  failed_tasks: z.int().min(0),
  updated_at: z.iso.datetime(),
  /** Why the worker is `failed`, for a person; null otherwise. */
  message: z.string().nullable(),
  /** A failure that no retry mends: a wrong key, an unknown model. */
  is_fatal: z.boolean(),
});

export type WorkerStatus = z.infer<typeof workerStatusSchema>;
