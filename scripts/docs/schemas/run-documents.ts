import { z } from 'zod';
import { inferenceCountsSchema } from '../../../src/core/inference/inference-event.ts';
import { runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { upsampleCountsSchema } from '../../../src/core/upsample/upsample-event.ts';
import { videoCountsSchema } from '../../../src/core/video/video-event.ts';
import {
  type CheckedRunRow,
  listedStatuses,
  type RunOnHost,
  type RunRow,
} from '../../../src/services/runs/list-runs.ts';
import type { LogsDocument } from '../../../src/services/runs/read-logs.ts';
import type { RemovalDocument } from '../../../src/services/runs/remove-runs.ts';

const version = z.literal(1);
const count = z.int().min(0);

const runOnHostSchema = z.object({
  state: z.enum(['running', 'finished', 'stopped', 'unknown', 'unreachable']),
  finished_tasks: count.nullable(),
  total_tasks: count.nullable().describe('Tasks that were submitted.'),
  message: z.string().nullable().describe('Why the host could not be asked.'),
}) satisfies z.ZodType<RunOnHost>;

/** What `runs --json` prints; `on_host` only with `--check`. */
export const runsSchema = z
  .object({
    version,
    runs: z.array(
      z.object({
        run_id: z.string(),
        kind: z.string().describe('`upsample`, `upscale`, `upscale-set`, `retouch`, `inference`.'),
        folder: z.string(),
        status: z.enum(listedStatuses),
        created_at: z.string().nullable(),
        updated_at: z.string().nullable(),
        input: z.string().nullable(),
        host: z.string().nullable(),
        engine: z.string().nullable(),
        counts: z.union([videoCountsSchema, inferenceCountsSchema, upsampleCountsSchema]).nullable(),
        tasks: z
          .object({ done: z.int(), failed: z.int(), total: z.int() })
          .nullable()
          .describe('Specs, segments or videos, whatever the kind calls its tasks.'),
        ending: runEndingSchema.nullable(),
        message: z.string().nullable(),
        on_host: runOnHostSchema.nullable().optional(),
      }),
    ),
  })
  .describe('The runs of a folder.') satisfies z.ZodType<RunsDocument>;

/** What `runs rm --json` and `runs prune --json` print. */
export const removalSchema = z
  .object({
    version,
    is_confirmed: z.boolean(),
    listed: z.array(
      z.object({
        run_id: z.string(),
        status: z.enum(listedStatuses),
        host: z.string().nullable(),
        input: z.string().nullable(),
        folder: z.string(),
      }),
    ),
    removed: z.array(z.object({ run_id: z.string(), paths: z.array(z.string()), size_bytes: count })),
  })
  .describe('Runs that were removed.') satisfies z.ZodType<RemovalDocument>;

/** What `logs --json` prints. */
export const logsSchema = z
  .object({
    version,
    run_id: z.string(),
    host: z.string(),
    workers: z.array(z.object({ worker_id: count, lines: z.array(z.string()) })),
  })
  .describe("The last lines of a run's logs.") satisfies z.ZodType<LogsDocument>;

interface RunsDocument {
  readonly version: 1;
  readonly runs: readonly (RunRow & { readonly on_host?: CheckedRunRow['on_host'] | undefined })[];
}
