import { z } from 'zod';
import { familyNames } from '../../../src/core/inference/families.ts';
import {
  inferenceCountsSchema,
  inferenceEventBodySchema,
} from '../../../src/core/inference/inference-event.ts';
import { runStages } from '../../../src/core/inference/inference-settings.ts';
import {
  type InferenceSummary,
  inferenceSummaryVersion,
} from '../../../src/core/inference/inference-summary.ts';
import { inferenceParametersSchema, specInferenceSchema } from '../../../src/core/inference/parameters.ts';
import { runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { sessionErrorSchema, standingStatuses } from '../../../src/core/run/run-status.ts';
import { leftOutSchema } from '../../../src/core/upsample/upsample-plan.ts';
import { reportFailureSchema, tokenDriftSchema } from '../../../src/core/upsample/upsample-report.ts';
import type { inferencePlanDocument } from '../../../src/output/json/inference-plan-document.ts';
import { planDocumentSchema } from './plan-document.ts';

const version = z.literal(1);
const count = z.int().min(0);
const weights = z.record(z.string(), z.number().min(0));

/** One line of `--events` and of the journal of a run from prompts to videos. */
export const inferenceEventSchema = z
  .intersection(z.object({ version, seq: count, time: z.iso.datetime() }), inferenceEventBodySchema)
  .describe('One thing that happened in a run from prompts to videos.');

/** What `run --json` prints when a run has ended. */
export const inferenceSummarySchema = z
  .object({
    version: z.literal(inferenceSummaryVersion),
    kind: z.literal('inference'),
    run_id: z.string(),
    status: z.enum(standingStatuses),
    stages: z.array(z.enum(runStages)),
    counts: inferenceCountsSchema,
    left_out: leftOutSchema.nullable().describe('Specs that were found and are not of the run.'),
    family: z.enum(familyNames),
    engine: z.string().describe('Who enriched the prompts; empty where the run has no such stage.'),
    model: z.string(),
    host: z.string(),
    videos_dir: z.string(),
    output_dir: z.string().describe('Where the enriched specs are.'),
    checkpoint: z.string(),
    report: z.object({ json: z.string(), html: z.string() }),
    started_at: z.iso.datetime(),
    duration_ms: count,
    token_drift: tokenDriftSchema.nullable(),
    videos: z.array(z.object({ video: z.string(), spec: z.string(), path: z.string() })),
    warnings: z.array(z.object({ video: z.string(), message: z.string() })),
    failures: z.array(reportFailureSchema.extend({ spec: z.string() })),
    is_resumable: z.boolean(),
    error: sessionErrorSchema.nullable(),
    ending: runEndingSchema.nullable(),
  })
  .describe('How a run from prompts to videos ended.') satisfies z.ZodType<
  Omit<InferenceSummary, 'family'> & { readonly family: (typeof familyNames)[number] }
>;

/** What `run --dry-run --json` prints. */
export const inferencePlanSchema = z
  .object({
    version,
    prompts: planDocumentSchema.describe('The stage that enriches, as `plan --json` has it.'),
    videos: z.array(
      z.object({
        video: z.string(),
        spec: z.string(),
        run_spec: z.string().nullable(),
        parameters: inferenceParametersSchema,
        control_weights: weights,
        is_there_already: z.boolean().describe('A file stands where the video belongs.'),
        warnings: z.array(z.string()),
        code: z.string().nullable().describe('Why the video would fail.'),
        message: z.string().nullable(),
        batch_id: count.nullable(),
      }),
    ),
    video_batches: z
      .array(z.object({ batch_id: count, videos: z.array(z.string()) }))
      .describe("Videos that one start of the model's program makes."),
  })
  .describe('What run would do.') satisfies z.ZodType<PlanDocument>;

type PlanDocument = Omit<ReturnType<typeof inferencePlanDocument>, 'version' | 'prompts'> & {
  readonly version: 1;
  readonly prompts: z.infer<typeof planDocumentSchema>;
};

/** What a run leaves under `metadata.inference` of an enriched spec. */
export const inferenceRecordSchema = z.object({
  version,
  run_id: z.string(),
  family: z.enum(familyNames),
  model: z.string(),
  prompt_edited: z.literal(true).exactOptional().describe('The prompt was changed after it was enriched.'),
  parameters: inferenceParametersSchema,
  control_weights: weights,
  video: z.object({
    path: z.string(),
    sha256: z.string(),
    width: z.int().min(1),
    height: z.int().min(1),
    frames: z.int().min(1),
    fps: z.number().min(0),
  }),
  guardrails: z.enum(['on', 'off', 'unknown']),
  duration_ms: count,
  finished_at: z.iso.datetime(),
  asked: specInferenceSchema.exactOptional().describe('What the spec itself asks for; missing for nothing.'),
});
