import { z } from 'zod';
import { machineReportSchema } from '../run/machine-timeline.ts';
import { runEndingSchema } from '../run/run-ending.ts';
import { standingStatuses } from '../run/run-status.ts';
import { preparedHintSchema, upsampleCountsSchema } from './upsample-event.ts';

export const reportVersion = 1;

const nullableCount = z.int().min(0).nullable();

/** What went wrong with one spec: a stable code, what happened, and the next step. */
export const reportFailureSchema = z.object({ code: z.string(), message: z.string(), next_step: z.string() });

/** Tokens of one spec. `prompt_predicted` is what `actual_prompt` is compared with: vision + text + control. */
const reportTokensSchema = z.object({
  estimator: z.string(),
  vision: z.int().min(0),
  text: z.int().min(0),
  output_reserved: z.int().min(0),
  limit: z.int().min(0),
  prompt_predicted: z.int().min(0),
  actual_prompt: nullableCount,
  actual_output: nullableCount,
});

/** One candidate file and what became of it. */
export const reportItemSchema = z.object({
  /** Path relative to the input root, with forward slashes. */
  spec: z.string(),
  name: z.string(),
  status: z.enum(['upsampled', 'reused', 'skipped', 'failed', 'pending']),
  prompt_before: z.string().nullable(),
  prompt_after: z.string().nullable(),
  output: z.string().nullable(),
  video: z.object({ path: z.string(), width: z.int(), height: z.int(), frames: z.int() }).nullable(),
  hint: preparedHintSchema.nullable(),
  frames_used: nullableCount,
  tokens: reportTokensSchema.nullable(),
  attempts: z.int().min(0),
  duration_ms: nullableCount,
  failure: reportFailureSchema.nullable(),
  /** The host that gave the answer in an earlier run; missing for one of this run. */
  reused_from: z.string().optional(),
});

/** How far the estimate was from the server's own count, over all answered prompts of the run. */
export const tokenDriftSchema = z.object({
  estimator: z.string(),
  prompts: z.int().min(1),
  predicted: z.int().min(0),
  actual: z.int().min(0),
  /** predicted / actual - 1, in percent. */
  drift_percent: z.number(),
  is_notable: z.boolean(),
  /** The server counted no more than the text alone has: it probably did not see the frames. */
  is_vision_missing: z.boolean(),
});

/** Everything about a run except its items. */
export const reportHeaderSchema = z.object({
  version: z.literal(reportVersion),
  run_id: z.string(),
  tool_version: z.string(),
  status: z.enum(standingStatuses),
  /** Why the run is not at work; null for one that is, or is complete. */
  ending: runEndingSchema.nullable(),
  host: z.string(),
  engine: z.string(),
  model: z.string(),
  input_root: z.string(),
  output_dir: z.string(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  duration_ms: z.int().min(0),
  counts: upsampleCountsSchema,
  token_drift: tokenDriftSchema.nullable(),
  /** Whether resuming the run would try anything; what failed may have to be corrected first. */
  is_resumable: z.boolean(),
  /** Missing or null for a run on one machine. */
  machines: z.array(machineReportSchema).nullable().optional(),
});

/** `report.json`: the header and one item per candidate file, failures first. */
export const reportSchema = reportHeaderSchema.extend({ items: z.array(reportItemSchema) });

export type ReportItem = z.infer<typeof reportItemSchema>;
export type ReportHeader = z.infer<typeof reportHeaderSchema>;
export type TokenDrift = z.infer<typeof tokenDriftSchema>;
