import { Flags, type Interfaces } from '@oclif/core';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { controlKinds } from '../../core/spec/prompt-spec.ts';
import { usageError } from '../../errors/app-error.ts';
import { pathFlags, pathsOf, withoutMissing } from './run-flags.ts';

const number = (description: string) =>
  Flags.string({
    description,
    helpValue: 'X',
    parse: async (text) => {
      if (text.trim() === '' || !Number.isFinite(Number(text)))
        throw usageError(`${text} is not a number.`, 'Write it as 3 or 3.5.');
      return text;
    },
  });

/** Flags for how a video is sampled. No defaults here: those are the settings'. */
export const inferenceFlags = {
  ...pathFlags,
  'num-steps': Flags.integer({ description: 'sampling steps (default: 35)', helpValue: 'N' }),
  guidance: number('how closely the prompt is followed (default: 7)'),
  'sigma-max': number('noise that sampling begins with (default: 70)'),
  fps: number('frames per second of the result (default: 24)'),
  seed: Flags.integer({ description: 'the same seed gives the same video (default: 1)', helpValue: 'N' }),
  weight: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'how much a control counts (default: 0.25)',
    helpValue: 'vis=0.5',
  }),
};

export function inferenceLayerOf(
  flags: Partial<Interfaces.InferredFlags<typeof inferenceFlags>>,
): SettingsLayer {
  const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const parameters = withoutMissing({
    num_steps: flags['num-steps'],
    guidance: numberOf(flags.guidance),
    sigma_max: numberOf(flags['sigma-max']),
    fps: numberOf(flags.fps),
    seed: flags.seed,
  });
  const weights = Object.fromEntries((flags.weight ?? []).map(parseWeight));
  return {
    source: 'the command line',
    values: { paths: pathsOf(flags.map), inference: { parameters, control_weights: weights } },
  };
}

function parseWeight(text: string): [kind: string, weight: number] {
  const [kind = '', weight = ''] = text.split('=');
  const isKnown = controlKinds.some((known) => known === kind);
  if (isKnown && weight !== '' && Number.isFinite(Number(weight))) return [kind, Number(weight)];
  throw usageError(
    `--weight ${JSON.stringify(text)} is not KIND=NUMBER.`,
    `KIND is one of ${controlKinds.join(', ')}: --weight vis=0.5`,
  );
}
