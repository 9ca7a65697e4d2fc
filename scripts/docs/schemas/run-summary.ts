import { z } from 'zod';
import { runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { sessionErrorSchema, standingStatuses } from '../../../src/core/run/run-status.ts';
import { upsampleCountsSchema } from '../../../src/core/upsample/upsample-event.ts';
import { leftOutSchema } from '../../../src/core/upsample/upsample-plan.ts';
import { reportFailureSchema, tokenDriftSchema } from '../../../src/core/upsample/upsample-report.ts';
import { type UpsampleSummary, upsampleSummaryVersion } from '../../../src/core/upsample/upsample-summary.ts';

/** What `--json` prints when a run has ended. */
export const runSummarySchema = z
  .object({
    version: z.literal(upsampleSummaryVersion),
    kind: z.literal('upsample'),
    run_id: z.string(),
    status: z.enum(standingStatuses),
    counts: upsampleCountsSchema,
    batches: z.int().min(0),
    left_out: leftOutSchema.nullable().describe('Specs that were found and are not of the run.'),
    engine: z.string(),
    model: z.string(),
    host: z.string(),
    output_dir: z.string(),
    checkpoint: z.string(),
    report: z.object({ json: z.string(), html: z.string() }),
    started_at: z.iso.datetime(),
    duration_ms: z.int().min(0).describe('How long its sessions were at work, together.'),
    token_drift: tokenDriftSchema.nullable(),
    reused_from: z
      .array(z.string())
      .optional()
      .describe('Hosts that gave answers in earlier runs which this one used; missing for none.'),
    failures: z.array(reportFailureSchema.extend({ spec: z.string() })),
    is_resumable: z.boolean(),
    error: sessionErrorSchema.nullable(),
    ending: runEndingSchema.nullable(),
  })
  .describe('How a run ended.') satisfies z.ZodType<UpsampleSummary>;
