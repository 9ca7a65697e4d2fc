import { z } from 'zod';
import { reportFailureSchema, reportHeaderSchema, reportItemSchema } from '../upsample/upsample-report.ts';
import { familyNames } from './families.ts';
import { inferenceCountsSchema } from './inference-event.ts';
import { runStages } from './inference-settings.ts';
import { inferenceParametersSchema } from './parameters.ts';

export const inferenceReportVersion = 1;

const count = z.int().min(0);
const guardrails = z.enum(['on', 'off', 'unknown']);

/** What became of a spec with all its videos: what comes first needs a person first. */
export const runSpecStatuses = ['prompt-failed', 'video-failed', 'waiting', 'done', 'left-out'] as const;

/** One video that was asked for and what became of it. */
const reportedVideoSchema = z.object({
  /** Path of the result relative to the folder of videos, without its ending. */
  video: z.string(),
  /** The RunSpec that asks for it, by its path relative to the input root; null for the spec itself. */
  run_spec: z.string().nullable(),
  status: z.enum(['made', 'reused', 'failed', 'waiting', 'left-out']),
  /** Null until it is made. */
  file: z
    .object({
      path: z.string(),
      sha256: z.string(),
      size_bytes: z.int().min(1),
      width: z.int().min(1),
      height: z.int().min(1),
      frames: z.int().min(1),
      fps: z.number().min(0),
    })
    .nullable(),
  /** Whether prompt and video were checked by the model; null until it is made. */
  guardrails: guardrails.nullable(),
  /** Whether a person changed the prompt after it was enriched. */
  is_prompt_edited: z.boolean(),
  negative_prompt: z.string(),
  parameters: inferenceParametersSchema,
  /** What the model is given beside the video; a path of null is made by the model. */
  controls: z.array(z.object({ kind: z.string(), weight: z.number().min(0), path: z.string().nullable() })),
  /** Videos of the controls, where they are kept. */
  kept_controls: z.array(z.object({ kind: z.string(), path: z.string() })),
  /** What the model does with it that may not be expected: sentences. */
  warnings: z.array(z.string()),
  attempts: count,
  duration_ms: count.nullable(),
  failure: reportFailureSchema.nullable(),
});

/** A spec: its prompt as in the report of a run that only enriches, and its videos. */
const inferenceReportItemSchema = reportItemSchema.omit({ status: true }).extend({
  status: z.enum(runSpecStatuses),
  prompt_status: reportItemSchema.shape.status,
  videos: z.array(reportedVideoSchema),
});

const inferenceReportHeaderSchema = reportHeaderSchema.omit({ version: true, counts: true }).extend({
  version: z.literal(inferenceReportVersion),
  kind: z.literal('inference'),
  stages: z.array(z.enum(runStages)),
  family: z.enum(familyNames),
  guardrails,
  videos_dir: z.string(),
  counts: inferenceCountsSchema,
  /** How many specs have each status. */
  specs: z.object({
    prompt_failed: count,
    video_failed: count,
    waiting: count,
    done: count,
    left_out: count,
  }),
});

/** `report.json` of a run from prompts to videos: the header and one item for each spec, failures first. */
export const inferenceReportSchema = inferenceReportHeaderSchema.extend({
  items: z.array(inferenceReportItemSchema),
});

export type InferenceReportHeader = z.infer<typeof inferenceReportHeaderSchema>;
export type InferenceReportItem = z.infer<typeof inferenceReportItemSchema>;
export type ReportedVideo = z.infer<typeof reportedVideoSchema>;
export type RunSpecStatus = InferenceReportItem['status'];
