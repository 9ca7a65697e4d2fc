import { z } from 'zod';
import type { QueueFacts } from '../../../src/ports/queue-upkeep.ts';
import { runIdSchema } from '../../../src/protocol/identifiers.ts';
import { workerFactsSchema } from '../../../src/protocol/queue.ts';

const count = z.int().min(0);

/** What `queue status --json` prints. */
export const queueStatusSchema = z.object({
  version: z.literal(1),
  queue: z.string(),
  store: z.string(),
  is_paused: z.boolean(),
  workers: z.array(workerFactsSchema),
  runs: z.array(
    z.object({
      run_id: runIdSchema,
      waiting: count,
      active: count,
      failed: count,
      finished_tasks: count,
      total_tasks: count,
    }),
  ),
}) satisfies z.ZodType<QueueFacts>;

/** What the other commands about a queue print with `--json`. */
export const queueActionSchema = z.union([
  z.object({ version: z.literal(1), is_paused: z.boolean() }),
  z.object({ version: z.literal(1), retried_jobs: count }),
  z.object({
    version: z.literal(1),
    keep_ms: count,
    unneeded: z.array(
      z.object({
        kind: z.enum(['run', 'object']),
        name: z.string(),
        size_bytes: count,
        reason: z.string(),
      }),
    ),
    is_removed: z.boolean(),
  }),
  z.object({ version: z.literal(1), name: z.string() }),
]);
