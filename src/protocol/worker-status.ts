import { z } from 'zod';
import { taskErrorCodes } from './task-result.ts';
import { protocolVersion } from './version.ts';

/** One lane. Batches are counted over the segments that this worker was given. */
const laneStatusSchema = z.object({
  lane: z.int().min(0),
  status: z.enum(['loading', 'idle', 'processing', 'stopped', 'failed']),
  total_batches: z.int().min(0),
  completed_batches: z.int().min(0),
  /** Number of the batch over the whole video. */
  current_batch: z.int().min(0).nullable(),
});

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
  /** Tasks with a good result; those with a failed one are counted apart. */
  completed_tasks: z.int().min(0),
  failed_tasks: z.int().min(0),
  updated_at: z.iso.datetime(),
  /** Why the worker is `failed`, or what it waits for (a server that is away, a full disk); null otherwise. */
  message: z.string().nullable(),
  /** Why the worker is `failed`, for programs. */
  code: z.enum(taskErrorCodes).nullable().optional(),
  /** The engine processes of a worker that upscales, each with its share of the batches; missing in others. */
  lanes: z.array(laneStatusSchema).optional(),
  /** The worker will not continue by itself: a wrong key, an unknown model, no server at all. A manifest makes it try again. */
  is_fatal: z.boolean(),
});

export type LaneStatus = z.infer<typeof laneStatusSchema>;
export type WorkerStatus = z.infer<typeof workerStatusSchema>;
