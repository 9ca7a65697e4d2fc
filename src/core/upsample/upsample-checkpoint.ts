import { z } from 'zod';
import {
  type PlannedBatch,
  type PlannedSpec,
  plannedBatchSchema,
  plannedSpecSchema,
} from './upsample-plan.ts';
import { upsampleSettingsSchema } from './upsample-settings.ts';

/** Version of `checkpoint.json`. */
export const checkpointVersion = 1;

/** `checkpoint.json`: what a run was asked to do. Written once, when the run begins; the journal tells the rest. */
export const upsampleCheckpointSchema = z
  .object({
    version: z.literal(checkpointVersion),
    run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
    tool_version: z.string(),
    created_at: z.iso.datetime(),
    input_root: z.string(),
    /** The SPECS arguments, as absolute paths. */
    inputs: z.array(z.string()),
    settings: upsampleSettingsSchema,
    batches: z.array(plannedBatchSchema),
    specs: z.array(plannedSpecSchema),
  })
  .refine(hasEverySpecInItsBatch, 'its specs and batches do not belong together');

export type UpsampleCheckpoint = z.infer<typeof upsampleCheckpointSchema>;

/** A run waits for every spec that is to be done, and does what its batches hold: both must be the same. */
function hasEverySpecInItsBatch(plan: {
  readonly batches: readonly PlannedBatch[];
  readonly specs: readonly PlannedSpec[];
}): boolean {
  const listed = plan.batches.flatMap((batch) => batch.specs.map((spec) => [spec, batch.batch_id] as const));
  const batchOf = new Map(listed);
  const toDo = plan.specs.filter(({ action }) => action === 'hint' || action === 'as-is');
  const names = new Set(plan.specs.map(({ spec }) => spec));
  const isEachOnce = names.size === plan.specs.length && batchOf.size === listed.length;
  return (
    isEachOnce && listed.length === toDo.length && toDo.every((at) => batchOf.get(at.spec) === at.batch_id)
  );
}
