import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { resumeRules } from '../../core/settings/resume-rules.ts';
import type { UpscaleSettings } from '../../core/upscale/upscale-settings.ts';
import type { ResumeOptions } from '../runs/resume-run.ts';
import { type ResumeUpscaleRequest, upscaleFlagsFor, upscaleSettingsNow } from '../upscale/resume-upscale.ts';
import { settingsUpdate } from '../video/resume-video.ts';
import type { VideoSetTypes } from './set-types.ts';

const rules = resumeRules.upscale;

/** What is given when a run over several videos is resumed. */
export interface ResumeVideoSetRequest extends Omit<ResumeUpscaleRequest, 'input'> {
  /** Absolute paths; none where none is given. */
  readonly inputs: readonly string[];
  /** Null where it was not given. */
  readonly suffix: string | null;
}

export function resumeVideoSetOptions(request: ResumeVideoSetRequest): ResumeOptions<VideoSetTypes> {
  return {
    reference: request.reference,
    update: ({ checkpoint }) => {
      const { settings: was, model, inputs, suffix } = checkpoint;
      const now = upscaleSettingsNow({ ...request, input: null }, checkpoint);
      const given = request.inputs.length > 0 ? request.inputs : inputs;
      const suffixNow = request.suffix ?? suffix;
      const refused = [
        ...(JSON.stringify(given) === JSON.stringify(inputs) ? [] : [`the videos were ${inputs.join(', ')}`]),
        ...(suffixNow === suffix ? [] : [`--suffix was ${JSON.stringify(suffix)}`]),
      ];
      const update = settingsUpdate(rules, { was, now, model }, refused);
      return { ...update, newRunCommand: newVideoSetCommand(given, suffixNow, now) };
    },
  };
}

/** The command of a run over these videos with the flags that name these settings. */
export function newVideoSetCommand(
  inputs: readonly string[],
  suffix: string,
  settings: UpscaleSettings,
): string {
  return [
    'cosmos upscale',
    ...inputs.map(shellQuoted),
    ...(suffix === '' ? [] : [`--suffix=${shellQuoted(suffix)}`]),
    ...upscaleFlagsFor(settings),
  ].join(' ');
}
