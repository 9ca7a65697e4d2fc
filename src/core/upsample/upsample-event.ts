import { z } from 'zod';
import { hexSha256Schema } from '../inner-path.ts';
import {
  lifecycleEventSchemas,
  machineEventSchemas,
  runEventVersion,
  runFinishedSchema,
  runStartedSchema,
} from '../run/run-status.ts';
import { upsampleSettingsSchema } from './upsample-settings.ts';

/** The frames that were made ready for a spec. */
export const preparedHintSchema = z.object({
  sha256: hexSha256Schema,
  width: z.int(),
  height: z.int(),
  frames: z.int(),
  /** False when the video was small enough to be used as it is. */
  generated: z.boolean(),
});

/** Counts of a run; `total` is every candidate file. */
export const upsampleCountsSchema = z.object({
  total: z.int().min(0),
  upsampled: z.int().min(0),
  reused: z.int().min(0),
  skipped: z.int().min(0),
  failed: z.int().min(0),
});

/** What happens to specs. */
export const upsampleTaskEventSchemas = [
  z.object({
    type: z.literal('task-prepared'),
    spec: z.string(),
    task_key: z.string(),
    hint: preparedHintSchema.nullable(),
    /** Reserved for the answer, and allowed to it. Missing in journals of older versions. */
    max_output_tokens: z.int().min(1).optional(),
  }),
  z.object({
    type: z.literal('task-finished'),
    spec: z.string(),
    task_key: z.string(),
    output: z.string(),
    is_reused: z.boolean(),
    frames_used: z.int(),
    model: z.string(),
    actual_prompt: z.int().nullable(),
    actual_output: z.int().nullable(),
    attempts: z.int(),
    duration_ms: z.int(),
    /** The host that gave the answer in an earlier run; missing for one of this run. */
    reused_from: z.string().optional(),
    /** Hashes of the text and of what was asked, by which repeated answers are found. Missing in journals of older versions. */
    answer_mark: z.object({ text: z.string(), input: z.string() }).optional(),
  }),
  z.object({
    type: z.literal('task-failed'),
    spec: z.string(),
    task_key: z.string().nullable(),
    attempts: z.int(),
    code: z.string(),
    message: z.string(),
    next_step: z.string(),
  }),
  z.object({ type: z.literal('batch-finished'), batch_id: z.int() }),
] as const;

/** What a run does, step by step: the lines of `--events`, and of the journal, from which its state is rebuilt. */
export const upsampleEventBodySchema = z.discriminatedUnion('type', [
  runStartedSchema(upsampleSettingsSchema),
  lifecycleEventSchemas.batchSubmitted,
  ...upsampleTaskEventSchemas,
  lifecycleEventSchemas.hostUnreachable,
  lifecycleEventSchemas.hostReachable,
  ...machineEventSchemas,
  runFinishedSchema(upsampleCountsSchema),
]);

/** One line of the journal and of `--events`. `seq` counts from 0 within a run, over all its sessions. */
export const upsampleEventSchema = z.intersection(
  z.object({ version: z.literal(runEventVersion), seq: z.int().min(0), time: z.iso.datetime() }),
  upsampleEventBodySchema,
);

export type UpsampleCounts = z.infer<typeof upsampleCountsSchema>;
/** What happens to a spec, or to a batch of them. */
export type UpsampleTaskEvent = z.infer<(typeof upsampleTaskEventSchemas)[number]>;
export type UpsampleEventBody = z.infer<typeof upsampleEventBodySchema>;
export type UpsampleEvent = z.infer<typeof upsampleEventSchema>;
