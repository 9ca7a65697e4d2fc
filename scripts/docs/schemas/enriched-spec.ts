import { z } from 'zod';
import { specInferenceSchema } from '../../../src/core/inference/parameters.ts';
import type { UpsamplingRecord } from '../../../src/core/spec/enrich.ts';
import { promptSpecSchema } from '../../../src/core/spec/prompt-spec.ts';
import { inferenceRecordSchema } from './inference-documents.ts';

const count = z.int().min(0);

const upsamplingRecordSchema = z.object({
  version: z.literal(1),
  run_id: z.string(),
  task_key: z.string(),
  parent_id: z.string().nullable().describe('The `id` before the prompt was enriched.'),
  source_folder: z
    .string()
    .exactOptional()
    .describe('From the folder of this file to that of its source, where its paths begin.'),
  engine: z.string(),
  model: z.string(),
  variant: z
    .int()
    .min(1)
    .exactOptional()
    .describe('Which of several prompts of one spec; missing: the only one.'),
  seed: z.int().min(0).exactOptional().describe('What its sampling started with, of a variant.'),
  prompt_format: z.literal('cosmos3-json').exactOptional().describe('What the prompt holds; missing: words.'),
  frames_used: count.describe('Frames that the engine looked at.'),
  hint: z
    .object({
      sha256: z.string(),
      width: z.int().min(1),
      height: z.int().min(1),
      frames: z.int().min(1),
      generated: z.boolean().describe('False when the video was small enough to be used as it is.'),
    })
    .nullable(),
  tokens: z.object({
    estimator: z.string(),
    vision: count,
    text: count,
    output_reserved: count,
    limit: count,
    actual_prompt: count.nullable().describe('As the server counted; null when it does not say.'),
    actual_output: count.nullable(),
  }),
  attempts: count,
  duration_ms: count,
  finished_at: z.iso.datetime(),
  tool_version: z.string(),
}) satisfies z.ZodType<UpsamplingRecord>;

/** An enriched spec: a PromptSpec with `metadata.upsampling`. */
export const enrichedSpecSchema = promptSpecSchema
  .extend({
    id: z.string(),
    is_upsampled: z.literal(true),
    parent_prompt_text: z.string(),
    metadata: z.looseObject({
      upsampling: upsamplingRecordSchema,
      inference: z
        .union([inferenceRecordSchema, specInferenceSchema])
        .exactOptional()
        .describe('The video that was made of it; before that, what the spec asks for itself.'),
    }),
  })
  .describe('A PromptSpec after it was enriched.');
