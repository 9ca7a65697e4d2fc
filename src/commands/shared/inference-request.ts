import { resolve } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { familyNames } from '../../core/inference/families.ts';
import {
  type InferenceOptions,
  inferenceSettingsFrom,
  type RunStage,
  runStages,
} from '../../core/inference/inference-settings.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { InferenceRequest } from '../../services/inference/plan-inference.ts';
import { inferenceFlags, inferenceLayerOf } from './inference-flags.ts';
import { planFlags, runFlags, selectionFlags, settingsLayerOf, withoutMissing } from './run-flags.ts';
import { toUpsampleRequest } from './upsample-request.ts';

const { 'write-back': _writeBack, ...hostFlags } = runFlags;

/** Flags of a run from prompts to videos. */
export const modelRunFlags = {
  family: Flags.option({ options: familyNames, description: 'model family (default: inference.family)' })(),
  stages: Flags.string({
    description: 'steps to do: upsample, inference (default: both)',
    helpValue: 'LIST',
    parse: async (text) => {
      stagesOf(text);
      return text;
    },
  }),
  review: Flags.boolean({
    default: false,
    description: 'stop when the prompts are enriched; --resume continues with them as you edited them',
  }),
  ...selectionFlags,
  'videos-dir': Flags.string({
    description: 'where videos go (default: outputs/videos)',
    helpValue: 'DIR',
  }),
  'keep-controls': Flags.boolean({
    allowNo: true,
    description: 'also download the control videos that the model made',
  }),
  ...inferenceFlags,
  ...planFlags,
  ...hostFlags,
};

type GivenFlags = Partial<Interfaces.InferredFlags<typeof modelRunFlags>>;

/** The flags as a layer over the settings files. */
export function modelRunLayerOf(flags: GivenFlags): SettingsLayer {
  const upsampling = settingsLayerOf(flags);
  const inference = inferenceLayerOf(flags);
  const own = withoutMissing({
    family: flags.family,
    videos_dir: flags['videos-dir'],
    keep_controls: flags['keep-controls'],
  });
  const values = { ...Object(upsampling.values), ...Object(inference.values) };
  return { source: upsampling.source, values: { ...values, inference: { ...values.inference, ...own } } };
}

/** What flags say of a run that is no setting of `config.toml`. */
export function modelRunOptionsOf(flags: GivenFlags) {
  return withoutMissing({
    stages: flags.stages === undefined ? undefined : stagesOf(flags.stages),
    isReviewed: flags.review ? true : undefined,
    videosDir: flags['videos-dir'] && resolve(flags['videos-dir']),
    workers: flags.workers,
    isForced: flags.force,
    only: flags.only,
    skip: flags.skip,
  }) as Partial<Omit<InferenceOptions, 'named'>>;
}

/** Those of its first stage: which specs the whole run is about, only the run itself knows. */
export function promptFlagsOf({ only: _only, skip: _skip, ...flags }: GivenFlags) {
  return flags;
}

/** @param inputs - Absolute paths. */
export function toInferenceRequest(
  inputs: readonly string[],
  opened: { readonly settings: Settings; readonly ports: Pick<Ports, 'host'> },
  flags: GivenFlags,
): InferenceRequest {
  if (inputs.length === 0)
    throw usageError('No specs were given.', 'Give a folder of PromptSpecs: cosmos run ./specs --host gpu1');
  const {
    settings: upsample,
    excluded,
    mappedFolders = [],
  } = toUpsampleRequest(inputs, opened, promptFlagsOf(flags));
  const { settings } = opened;
  const videosDir = resolve(settings.inference.videos_dir);
  const options = modelRunOptionsOf(flags);
  return {
    inputs,
    settings: inferenceSettingsFrom(settings, upsample, {
      stages: options.stages ?? runStages,
      isReviewed: flags.review ?? false,
      videosDir,
      workers: flags.workers ?? null,
      isForced: flags.force ?? false,
      only: flags.only ?? [],
      skip: flags.skip ?? [],
      named: namedBy(resumeRules.inference, flags),
    }),
    excluded: excludedFrom(inputs, [...excluded, videosDir]),
    mappedFolders,
  };
}

/** Enriched specs are an input like any other when they are named. */
function excludedFrom(inputs: readonly string[], folders: readonly string[]): string[] {
  return folders.filter((folder) => !inputs.some((input) => resolve(input) === resolve(folder)));
}

function stagesOf(text: string): RunStage[] {
  const names = text.split(',').map((name) => name.trim());
  const strange = names.find((name) => name !== 'prepare' && !runStages.some((stage) => stage === name));
  const stages = runStages.filter((stage) => names.includes(stage));
  if (strange === undefined && stages.length > 0) return stages;
  throw usageError(
    `--stages ${JSON.stringify(text)} names ${strange === undefined ? 'nothing to do' : `no stage "${strange}"`}.`,
    'Stages are upsample (hints are made for it) and inference; --dry-run shows what a run would do.',
  );
}
