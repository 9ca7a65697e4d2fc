import { z } from 'zod';
import type { PromptSpec } from './prompt-spec.ts';

const count = z.number();

/** As much of `metadata.upsampling` as is shown; older files and those of other programs have less. */
const shownRecordSchema = z.object({
  run_id: z.string().nullable().default(null),
  engine: z.string().nullable().default(null),
  model: z.string().nullable().default(null),
  frames_used: count.nullable().default(null),
  hint: z.object({ width: count, height: count, frames: count }).nullable().default(null),
  tokens: z
    .object({
      estimator: z.string(),
      vision: count,
      text: count,
      output_reserved: count,
      limit: count,
      actual_prompt: count.nullable().default(null),
      actual_output: count.nullable().default(null),
    })
    .nullable()
    .default(null),
  duration_ms: count.nullable().default(null),
  finished_at: z.string().nullable().default(null),
});

/** How a prompt came about, for people. */
export type ShownRecord = z.infer<typeof shownRecordSchema>;

/** What an enriched spec records; null for one that is not enriched, or whose record cannot be read. */
export function shownRecordOf(spec: PromptSpec): ShownRecord | null {
  const parsed = shownRecordSchema.safeParse(spec.metadata?.['upsampling']);
  return parsed.success ? parsed.data : null;
}
