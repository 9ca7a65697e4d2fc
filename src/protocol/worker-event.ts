import { z } from 'zod';
import { taskKeySchema } from './identifiers.ts';
import { taskResultSchema } from './task-result.ts';
import { workerStatusSchema } from './worker-status.ts';

/**
 * One line of `GET /events`. The stream opens with the present status and then tells what happens; a
 * `task-finished` line is written after its result file is published, so it may be trusted.
 */
export const workerEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: workerStatusSchema }),
  z.object({ type: z.literal('task-started'), task_key: taskKeySchema }),
  /** How far a long task is: only told for those that have parts. Parts are frames of a segment. */
  z.object({
    type: z.literal('task-progress'),
    task_key: taskKeySchema,
    done_parts: z.int().min(0),
    total_parts: z.int().min(1),
  }),
  z.object({ type: z.literal('task-finished'), result: taskResultSchema }),
]);

export type WorkerEvent = z.infer<typeof workerEventSchema>;
