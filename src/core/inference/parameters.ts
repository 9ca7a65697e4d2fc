import { z } from 'zod';

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
/** Of a control that nobody gave another. */
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

/** What a spec says for itself under `metadata.inference`. Other keys, such as those of a record, mean nothing here. */
export const specInferenceSchema = z.object({
  parameters: z.object(parameterShape).partial().optional(),
  control_weights: z.record(z.string(), weight).optional(),
});
