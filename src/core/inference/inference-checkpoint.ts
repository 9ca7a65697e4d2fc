import { z } from 'zod';
import { innerPathSchema, plainNameSchema } from '../inner-path.ts';
import { checkpointVersion, type RunFormat } from '../run/run-format.ts';
import {
  leftOutSchema,
  outputFileOf,
  plannedBatchSchema,
  plannedSpecSchema,
} from '../upsample/upsample-plan.ts';
import { type InferenceEventBody, inferenceEventBodySchema } from './inference-event.ts';
import { inferenceSettingsSchema } from './inference-settings.ts';
import { inferenceParametersSchema } from './parameters.ts';

/** A file that the model reads, as it was when the run was planned. */
const plannedFileSchema = z.object({
  path: z.string(),
  size_bytes: z.number().min(0),
  modified_ms: z.number(),
});

/** One video to be made: of a spec, or of a RunSpec of it. */
const plannedVideoTaskSchema = z.object({
  /** Path of the result relative to the folder of videos, without its ending: how every output names this video. */
  video: innerPathSchema,
  spec: innerPathSchema,
  /** The RunSpec that asks for it, by its path relative to the input root; null for the spec itself. */
  run_spec: innerPathSchema.nullable(),
  /** Among the model's samples. */
  name: plainNameSchema,
  negative_prompt: z.string(),
  parameters: inferenceParametersSchema,
  source: plannedFileSchema
    .extend({ width: z.int().min(1), height: z.int().min(1), frames: z.int().min(1) })
    .nullable(),
  controls: z.array(
    z.object({ kind: plainNameSchema, file: plannedFileSchema.nullable(), weight: z.number().min(0) }),
  ),
  /** Content of the file that was at the result's path when the run started; null for none. */
  existing_sha256: z.string().nullable(),
  /** What the model does with it that the user may not expect: sentences. */
  warnings: z.array(z.string()),
  /** Why it cannot be made, whatever its prompt. */
  failure: z.object({ code: z.string(), message: z.string(), next_step: z.string() }).nullable(),
  batch_id: z.int().min(0).nullable(),
});

/** `checkpoint.json` of a run from prompts to videos: written once, when it begins; the journal holds the rest. */
export const inferenceCheckpointSchema = z.object({
  // The first two in this order: a reader finds the kind at the file's beginning.
  version: z.literal(checkpointVersion),
  kind: z.literal('inference'),
  run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
  tool_version: z.string(),
  created_at: z.iso.datetime(),
  input_root: z.string(),
  /** The SPECS arguments, as absolute paths. */
  inputs: z.array(z.string()),
  settings: inferenceSettingsSchema,
  /** The first stage: as in the checkpoint of a run that only enriches. */
  batches: z.array(plannedBatchSchema),
  specs: z.array(plannedSpecSchema),
  /** Missing for none. */
  left_out: leftOutSchema.optional(),
  videos: z.array(plannedVideoTaskSchema),
  /** Videos that may share a start of the model's program, by their names. */
  video_batches: z.array(z.object({ batch_id: z.int().min(0), videos: z.array(z.string()) })),
});

export type InferenceCheckpoint = z.infer<typeof inferenceCheckpointSchema>;
export type PlannedVideoTask = z.infer<typeof plannedVideoTaskSchema>;

/** What the run folders of runs from prompts to videos hold. */
export const inferenceFormat: RunFormat<InferenceCheckpoint, InferenceEventBody> = {
  kind: 'inference',
  checkpointSchema: inferenceCheckpointSchema,
  eventSchema: inferenceEventBodySchema,
  outputOf: ({ settings }) => ({ path: settings.videos_dir, type: 'folder', flag: '--videos-dir' }),
  writtenFiles: ({ specs, videos, settings }) => [
    ...specs.map((spec) => ({
      folder: settings.upsample.output_dir,
      name: outputFileOf(spec),
      isLinkFollowed: false,
    })),
    ...videos.map(({ video }) => ({
      folder: settings.videos_dir,
      name: `${video}.mp4`,
      isLinkFollowed: false,
    })),
  ],
};
