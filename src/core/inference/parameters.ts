import { z } from 'zod';
import type { PromptSpec } from '../spec/prompt-spec.ts';

/** Strengths of the blur that is made for `vis`, and of the edges for `edge`, as all families name them. */
const strengths = ['very_low', 'low', 'medium', 'high', 'very_high'] as const;

const parameterShape = {
  num_steps: z.int().min(1).max(100),
  guidance: z.number().min(1).max(20),
  sigma_max: z.number().min(0).max(80),
  blur_strength: z.enum(strengths),
  canny_threshold: z.enum(strengths),
  fps: z.number().min(1).max(60),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
};

/** Those of the original project. */
export const usualParameters = {
  num_steps: 35,
  guidance: 7,
  sigma_max: 70,
  blur_strength: 'medium',
  canny_threshold: 'medium',
  fps: 24,
  seed: 1,
} as const;

/** How a video is sampled, in the words of RunSpecs (`rs_…`): the same for every family, each of which takes some. */
export const inferenceParametersSchema = z.strictObject({
  num_steps: parameterShape.num_steps.default(usualParameters.num_steps),
  guidance: parameterShape.guidance.default(usualParameters.guidance),
  sigma_max: parameterShape.sigma_max.default(usualParameters.sigma_max),
  blur_strength: parameterShape.blur_strength.default(usualParameters.blur_strength),
  canny_threshold: parameterShape.canny_threshold.default(usualParameters.canny_threshold),
  fps: parameterShape.fps.default(usualParameters.fps),
  seed: parameterShape.seed.default(usualParameters.seed),
});

const weight = z.number().min(0).max(100);
/** Of a control for which no other is given. */
export const usualWeight = 0.25;

/** How much each control counts. */
export const controlWeightsSchema = z.strictObject({
  vis: weight.default(usualWeight),
  edge: weight.default(usualWeight),
  depth: weight.default(usualWeight),
  seg: weight.default(usualWeight),
});

export type InferenceParameters = z.infer<typeof inferenceParametersSchema>;
export type ControlWeights = z.infer<typeof controlWeightsSchema>;

/** What a spec asks for itself under `metadata.inference`; other keys mean nothing here. */
export const specInferenceSchema = z.object({
  parameters: z.object(parameterShape).partial().optional(),
  control_weights: z.record(z.string(), weight).optional(),
});

type OwnInference = z.infer<typeof specInferenceSchema>;

/**
 * What a spec asks for itself: of its `metadata.inference`, or of what that was before a run left its record there, which says what
 * was used and not what is asked for.
 */
export function askedIn(inference: unknown): Readonly<Record<string, unknown>> {
  const {
    run_id: runId,
    asked,
    parameters,
    control_weights,
  }: Readonly<Record<string, unknown>> = Object(inference);
  if (runId !== undefined) return Object(asked);
  return {
    ...(parameters !== undefined && { parameters }),
    ...(control_weights !== undefined && { control_weights }),
  };
}

/** Reads what a spec asks for itself. */
export function ownInferenceOf({ metadata }: Pick<PromptSpec, 'metadata'>) {
  return specInferenceSchema.safeParse(askedIn(metadata?.['inference']));
}

/** How a video is sampled: what is set, then what each of `own` says besides, the last with the last word. */
export function sampledWith(
  set: { readonly parameters: InferenceParameters; readonly weights: ControlWeights },
  ...own: readonly (OwnInference | undefined)[]
): { readonly parameters: InferenceParameters; readonly weights: Readonly<Record<string, number>> } {
  const parameters = { ...set.parameters };
  for (const each of own)
    for (const [name, value] of Object.entries(each?.parameters ?? {}))
      if (value !== undefined) Object.assign(parameters, { [name]: value });
  return { parameters, weights: Object.assign({}, set.weights, ...own.map((each) => each?.control_weights)) };
}
