import { z } from 'zod';
import { workersOf } from '../settings/host-named.ts';
import type { Settings } from '../settings/settings-schema.ts';
import { type UpsampleSettings, upsampleSettingsSchema } from '../upsample/upsample-settings.ts';
import { familyNames } from './families.ts';
import { controlWeightsSchema, inferenceParametersSchema } from './parameters.ts';

/** Steps of a run that a person can pick; making hints belongs to `upsample`. */
export const runStages = ['upsample', 'inference'] as const;
export type RunStage = (typeof runStages)[number];

/** What a run from prompts to videos was asked to do, frozen in its checkpoint. */
export const inferenceSettingsSchema = z.object({
  stages: z.array(z.enum(runStages)).min(1),
  /** Stop when the prompts are enriched, until the run is resumed. */
  review: z.boolean(),
  family: z.enum(familyNames),
  videos_dir: z.string(),
  keep_controls: z.boolean(),
  /** How the model's program is started; empty texts and lists mean the usual. */
  program: z.object({
    command: z.array(z.string()),
    program_dir: z.string(),
    checkpoints_dir: z.string(),
    num_gpu: z.int().min(0),
    batch_size: z.int().min(1),
    stall_timeout_ms: z.int().min(1),
  }),
  parameters: inferenceParametersSchema,
  control_weights: controlWeightsSchema,
  host: z.string(),
  workers: z.int().min(1),
  force: z.boolean(),
  /** Specs that are worked on, and that are not: paths, folders or patterns with `*`. Empty: all, and none. */
  only: z.array(z.string()),
  skip: z.array(z.string()),
  /** Paths of the settings that were named on a command line. */
  named: z.array(z.string()),
  upsample: upsampleSettingsSchema,
});

export type InferenceSettings = z.infer<typeof inferenceSettingsSchema>;

/** What a command adds to the settings of `config.toml`. */
export interface InferenceOptions {
  readonly stages: readonly RunStage[];
  readonly isReviewed: boolean;
  /** Absolute. */
  readonly videosDir: string;
  readonly workers: number | null;
  readonly isForced: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly named: readonly string[];
}

/** Freezes what a run will use. @param upsample - The settings of its first stage; its host is that of the whole run. */
export function inferenceSettingsFrom(
  settings: Settings,
  upsample: UpsampleSettings,
  options: InferenceOptions,
): InferenceSettings {
  const { inference } = settings;
  const { host } = upsample;
  return {
    stages: [...options.stages],
    review: options.isReviewed,
    family: inference.family,
    videos_dir: options.videosDir,
    keep_controls: inference.keep_controls,
    program: {
      command: inference.command,
      program_dir: inference.program_dir,
      checkpoints_dir: inference.checkpoints_dir,
      num_gpu: inference.num_gpu,
      batch_size: inference.batch_size,
      stall_timeout_ms: Math.round(inference.stall_timeout_s * 1000),
    },
    parameters: inference.parameters,
    control_weights: inference.control_weights,
    host,
    workers: options.workers ?? workersOf(settings, host),
    force: options.isForced,
    ...{ only: [...options.only], skip: [...options.skip], named: [...options.named] },
    upsample,
  };
}

/** A run's settings in the shape of `config.toml`, from which {@link inferenceSettingsFrom} makes the same again. */
export function inferenceConfigOf(run: InferenceSettings) {
  const { stall_timeout_ms: stallTimeoutMs, ...program } = run.program;
  return {
    inference: {
      ...{ family: run.family, videos_dir: run.videos_dir, keep_controls: run.keep_controls },
      ...{ ...program, stall_timeout_s: stallTimeoutMs / 1000 },
      ...{ parameters: run.parameters, control_weights: run.control_weights },
    },
  };
}
