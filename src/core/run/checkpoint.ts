import { z } from 'zod';
import { plannedBatchSchema, plannedSpecSchema } from './plan.ts';
import { runSettingsSchema } from './run-settings.ts';

/** Version of `checkpoint.json`. */
export const checkpointVersion = 1;

/** `checkpoint.json`: what a run was asked to do. Written once, when the run begins; the journal tells the rest. */
export const checkpointSchema = z.object({
  version: z.literal(checkpointVersion),
  run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
  tool_version: z.string(),
  created_at: z.iso.datetime(),
  input_root: z.string(),
  /** The SPECS arguments, as absolute paths. */
  inputs: z.array(z.string()),
  settings: runSettingsSchema,
  batches: z.array(plannedBatchSchema),
  specs: z.array(plannedSpecSchema),
});

export type Checkpoint = z.infer<typeof checkpointSchema>;
