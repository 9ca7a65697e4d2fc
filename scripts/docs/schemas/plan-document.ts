import { z } from 'zod';
import { estimatorNames, serverPrograms } from '../../../src/core/tokens/estimator.ts';
import {
  leftOutSchema,
  plannedBatchSchema,
  plannedHintSchema,
  specActions,
} from '../../../src/core/upsample/upsample-plan.ts';
import type { planDocument, planRow } from '../../../src/output/json/upsample-plan-document.ts';

const count = z.int().min(0);
const frames = z.object({ width: z.int().min(1), height: z.int().min(1), frames: z.int().min(1) });

/** What `plan --json` and `batch-upsample --dry-run --json` print. */
export const planDocumentSchema = z
  .object({
    version: z.literal(1),
    counting: z
      .object({
        estimator: z.enum(estimatorNames),
        server: z.enum(serverPrograms).nullable().describe('The program of the server, where it is known.'),
        control_tokens: count.describe('What the chat template adds to each prompt.'),
        is_template_known: z.boolean().describe('Whether earlier runs have shown that number.'),
        output_reserved: count,
        limit: count,
      })
      .describe('How tokens were counted.'),
    left_out: leftOutSchema.nullable().describe('Specs that were found and are not of the run.'),
    would_replace: z
      .array(
        z.object({ run_id: z.string(), engine: z.string(), model: z.string(), count, example: z.string() }),
      )
      .readonly()
      .describe(
        'Files that would be replaced: enriched specs of another engine, model or form of prompt, and those that no run made.',
      ),
    batches: z.array(plannedBatchSchema),
    specs: z.array(
      z.object({
        spec: z.string(),
        video: frames.nullable(),
        action: z.enum(specActions),
        hint: plannedHintSchema.nullable().describe('Size and number of the frames that would be sent.'),
        tokens: z
          .object({ linear: count, pixtral: count, vision: count, text: count, total: count })
          .nullable(),
        code: z.string().nullable().describe('Why the spec would fail.'),
        message: z.string().nullable(),
        batch_id: count.nullable(),
      }),
    ),
  })
  .describe('What batch-upsample would do.') satisfies z.ZodType<PlanDocument>;

type PlanDocument = Omit<ReturnType<typeof planDocument>, 'version' | 'batches' | 'specs'> & {
  version: 1;
  specs: ReturnType<typeof planRow>[];
  batches: z.infer<typeof plannedBatchSchema>[];
};
