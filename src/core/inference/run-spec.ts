import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parentIdOf } from '../spec/enrich.ts';
import { isRunSpec } from '../spec/parse-spec.ts';
import type { PromptSpec } from '../spec/prompt-spec.ts';
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

/** A RunSpec's file understood, by the path that outputs name it by. */
export interface FoundRunSpec {
  readonly spec: string;
  readonly runSpec: RunSpec;
  /** What is wrong with it; null for nothing. */
  readonly problem: string | null;
}

/** RunSpecs by the id of the prompt that they are of. */
export type FoundRunSpecs = ReadonlyMap<string, readonly FoundRunSpec[]>;

/** Reads a file's JSON as a RunSpec; null for one that is none, or does not say which prompt it is of. */
export function readRunSpec(spec: string, document: unknown): FoundRunSpec | null {
  if (typeof document !== 'object' || document === null || !isRunSpec(document)) return null;
  const { prompt_id: promptId } = document;
  if (typeof promptId !== 'string') return null;
  const parsed = runSpecSchema.safeParse(document);
  if (parsed.success) return { spec, runSpec: parsed.data, problem: null };
  const [issue] = parsed.error.issues;
  const problem = `${issue?.path.join('.')}: ${issue?.message}`;
  return { spec, runSpec: { id: spec.replace(/\.json$/i, ''), prompt_id: promptId }, problem };
}

/** Those of a spec, by its id or by the one that it had before it was enriched. */
export function runSpecsOf(spec: PromptSpec, found: FoundRunSpecs): readonly FoundRunSpec[] {
  const ids = new Set([spec.id, parentIdOf(spec)]);
  return [...ids].flatMap((id) => found.get(id ?? '') ?? []);
}

/** What a video of a RunSpec is called. */
export function nameOfRun({ runSpec }: FoundRunSpec): string {
  return runSpec.name?.trim() || runSpec.id;
}
