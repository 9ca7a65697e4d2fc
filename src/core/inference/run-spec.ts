import { createHash } from 'node:crypto';
import { z } from 'zod';
import { inferenceParametersSchema, specInferenceSchema } from './parameters.ts';

const executionStatuses = ['pending', 'running', 'success', 'failed', 'cancelled'] as const;

/**
 * A RunSpec: one run of a PromptSpec with weights and parameters of its own, in the words of the original project. Keys that
 * are not listed are kept.
 */
export const runSpecSchema = z.looseObject({
  id: z.string().regex(/^rs[_:]/, 'must begin with rs_'),
  prompt_id: z.string().min(1),
  name: z.string().nullish(),
  control_weights: specInferenceSchema.shape.control_weights,
  parameters: specInferenceSchema.shape.parameters,
  timestamp: z.string().nullish(),
  execution_status: z.enum(executionStatuses).nullish(),
  output_path: z.string().nullish(),
});

export type RunSpec = z.infer<typeof runSpecSchema>;

/** `rs_` and the first 12 hex digits of SHA-256 over what the run depends on. */
export function runSpecIdOf(run: Pick<RunSpec, 'prompt_id' | 'control_weights' | 'parameters'>): string {
  const parameters = inferenceParametersSchema.parse(run.parameters ?? {});
  const text = JSON.stringify([run.prompt_id, run.control_weights ?? {}, parameters]);
  return `rs_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
