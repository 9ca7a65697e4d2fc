import { z } from 'zod';
import { checkpointVersion, type RunFormat } from '../run/run-format.ts';
import { type UpsampleEventBody, upsampleEventBodySchema } from './upsample-event.ts';
import {
  leftOutSchema,
  newEqualValues,
  outputFileOf,
  type PlannedBatch,
  type PlannedSpec,
  plannedBatchSchema,
  plannedSpecSchema,
  sourceFileOf,
} from './upsample-plan.ts';
import { upsampleSettingsSchema } from './upsample-settings.ts';

/** `checkpoint.json`: what a run was asked to do. Written once, when the run begins; the journal holds the rest. */
const checkpointShape = z.object({
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
});

const unrelated = 'its specs and batches do not belong together';

export const upsampleCheckpointSchema = checkpointShape.refine(hasEverySpecInItsBatch, unrelated);

/** Of a checkpoint whose entries were checked one by one. */
const wholeSchema: z.ZodType<UpsampleCheckpoint> = checkpointShape
  .extend({ batches: z.array(z.custom<PlannedBatch>()), specs: z.array(z.custom<PlannedSpec>()) })
  .refine(hasEverySpecInItsBatch, unrelated);

export type UpsampleCheckpoint = z.infer<typeof upsampleCheckpointSchema>;

/** What the run folders of runs that enrich specs hold. */
export const upsampleFormat: RunFormat<UpsampleCheckpoint, UpsampleEventBody> = {
  kind: 'upsample',
  checkpointSchema: upsampleCheckpointSchema,
  longLists: { names: ['specs', 'batches'], entryReader, wholeSchema },
  eventSchema: upsampleEventBodySchema,
  outputOf: ({ settings }) => ({ path: settings.output_dir, type: 'folder', flag: '--output-dir' }),
  writtenFiles: ({ specs, settings, input_root: inputRoot }) => ({
    *[Symbol.iterator]() {
      for (const planned of specs) {
        yield { folder: settings.output_dir, name: outputFileOf(planned), isLinkFollowed: false };
        if (settings.write_back)
          yield { folder: inputRoot, name: sourceFileOf(planned), isLinkFollowed: true };
      }
    },
  }),
};

/** Checks the entries of the lists, and makes what is equal one object: parts of specs, and their names in batches. */
function entryReader(): (list: string, entry: unknown) => unknown {
  const equal = newEqualValues();
  const names: string[] = [];
  let next = 0;
  return (list, entry) => {
    if (list === 'batches') {
      const batch = plannedBatchSchema.safeParse(entry).data;
      for (const name of batch?.specs ?? []) names.push(name);
      return batch;
    }
    if (list !== 'specs') return entry;
    const planned = plannedSpecSchema.safeParse(entry).data;
    // Batches come first in the file, and hold their specs in the same order.
    const name = names[next];
    if (planned && name === planned.spec) {
      planned.spec = name;
      next += 1;
    }
    return planned && equal.shared(planned);
  };
}

interface Lists {
  readonly batches: readonly PlannedBatch[];
  readonly specs: readonly PlannedSpec[];
}

/** A run waits for every spec that is to be done, and does what its batches hold: both must be the same. */
function hasEverySpecInItsBatch({ batches, specs }: Lists): boolean {
  const batchOf = new Map<string, number>();
  let listed = 0;
  for (const { batch_id: batchId, specs: names } of batches) {
    listed += names.length;
    for (const name of names) batchOf.set(name, batchId);
  }
  if (batchOf.size !== listed) return false;
  const found = new Set<string>();
  for (const { spec, action, batch_id: batchId } of specs) {
    const isToDo = action === 'hint' || action === 'as-is';
    if (isToDo ? batchOf.get(spec) !== batchId : batchOf.has(spec) || found.has(spec)) return false;
    // In place of the name in a set: each may come once.
    if (isToDo) batchOf.set(spec, foundOnce);
    else found.add(spec);
  }
  return batchOf.size + found.size === specs.length;
}

/** No batch has this number. */
const foundOnce = -1;
