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
  z.object({ type: z.literal('task-finished'), result: taskResultSchema }),
]);

export type WorkerEvent = z.infer<typeof workerEventSchema>;
