import { z } from 'zod';
import { checkpointVersion, type RunFormat } from '../run/run-format.ts';
import { type UpsampleEventBody, upsampleEventBodySchema } from './upsample-event.ts';
import {
  leftOutSchema,
  outputFileOf,
  type PlannedBatch,
  type PlannedSpec,
  plannedBatchSchema,
  plannedSpecSchema,
  sourceFileOf,
} from './upsample-plan.ts';
import { upsampleSettingsSchema } from './upsample-settings.ts';

/** `checkpoint.json`: what a run was asked to do. Written once, when the run begins; the journal holds the rest. */
export const upsampleCheckpointSchema = z
  .object({
    // The first two in this order: a reader finds the kind at the file's beginning.
    version: z.literal(checkpointVersion),
    kind: z.literal('upsample'),
    run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
    tool_version: z.string(),
    created_at: z.iso.datetime(),
    input_root: z.string(),
    /** The SPECS arguments, as absolute paths. */
    inputs: z.array(z.string()),
    settings: upsampleSettingsSchema,
    batches: z.array(plannedBatchSchema),
    specs: z.array(plannedSpecSchema),
    /** Missing for none. */
    left_out: leftOutSchema.optional(),
  })
  .refine(hasEverySpecInItsBatch, 'its specs and batches do not belong together');

export type UpsampleCheckpoint = z.infer<typeof upsampleCheckpointSchema>;

/** What the run folders of runs that enrich specs hold. */
export const upsampleFormat: RunFormat<UpsampleCheckpoint, UpsampleEventBody> = {
  kind: 'upsample',
  checkpointSchema: upsampleCheckpointSchema,
  eventSchema: upsampleEventBodySchema,
  outputOf: ({ settings }) => ({ path: settings.output_dir, type: 'folder', flag: '--output-dir' }),
  writtenFiles: ({ specs, settings, input_root: inputRoot }) => {
    const filesIn = (folder: string, names: readonly string[], isLinkFollowed: boolean) =>
      names.map((name) => ({ folder, name, isLinkFollowed }));
    const sources = settings.write_back ? filesIn(inputRoot, specs.map(sourceFileOf), true) : [];
    return [...filesIn(settings.output_dir, specs.map(outputFileOf), false), ...sources];
  },
};

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
