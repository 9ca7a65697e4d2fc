import { z } from 'zod';
import { hexSha256Schema } from '../inner-path.ts';
import {
  lifecycleEventSchemas,
  machineEventSchemas,
  runFinishedSchema,
  runStartedSchema,
} from '../run/run-status.ts';
import { upsampleCountsSchema, upsampleTaskEventSchemas } from '../upsample/upsample-event.ts';
import { inferenceSettingsSchema, runStages } from './inference-settings.ts';

const count = z.int().min(0);

/** Counts of a run from prompts to videos; `total` is every video that was planned, failed ones included. */
export const inferenceCountsSchema = z.object({
  total: count,
  made: count,
  reused: count,
  /** Left out with `--only` or `--skip`. */
  skipped: count,
  failed: count,
  prompts: upsampleCountsSchema,
});

/** A video that was made, and is here. */
const madeVideoSchema = z.object({
  sha256: hexSha256Schema,
  size_bytes: z.int().min(1),
  width: z.int().min(1),
  height: z.int().min(1),
  frames: z.int().min(1),
  fps: z.number().min(0),
});

/** What a run does, step by step: the lines of `--events`, and of its journal. */
export const inferenceEventBodySchema = z.discriminatedUnion('type', [
  runStartedSchema(inferenceSettingsSchema),
  z.object({ type: z.literal('stage-started'), stage: z.enum(runStages) }),
  ...upsampleTaskEventSchemas,
  lifecycleEventSchemas.batchSubmitted,
  z.object({
    type: z.literal('video-prepared'),
    video: z.string(),
    task_key: z.string(),
    /** The prompt is not the one that was written when it was enriched: somebody edited it. */
    is_edited: z.boolean(),
    /** What the model does with this prompt that may not be expected: sentences without their full stop. */
    warnings: z.array(z.string()),
  }),
  z.object({
    type: z.literal('video-finished'),
    video: z.string(),
    task_key: z.string(),
    /** Absolute. */
    output: z.string(),
    is_reused: z.boolean(),
    ...madeVideoSchema.shape,
    guardrails: z.enum(['on', 'off', 'unknown']),
    controls: z.array(z.object({ kind: z.string(), path: z.string() })),
    attempts: count,
    duration_ms: count,
  }),
  z.object({
    type: z.literal('video-failed'),
    video: z.string(),
    task_key: z.string().nullable(),
    attempts: count,
    code: z.string(),
    message: z.string(),
    next_step: z.string(),
  }),
  lifecycleEventSchemas.hostUnreachable,
  lifecycleEventSchemas.hostReachable,
  ...machineEventSchemas,
  runFinishedSchema(inferenceCountsSchema),
]);

export type InferenceCounts = z.infer<typeof inferenceCountsSchema>;
export type InferenceEventBody = z.infer<typeof inferenceEventBodySchema>;
export type InferenceEventOf<Type extends InferenceEventBody['type']> = Extract<
  InferenceEventBody,
  { type: Type }
>;
