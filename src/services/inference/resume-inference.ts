import type { InferenceCheckpoint } from '../../core/inference/inference-checkpoint.ts';
import {
  type InferenceOptions,
  type InferenceSettings,
  inferenceConfigOf,
  inferenceSettingsFrom,
} from '../../core/inference/inference-settings.ts';
import type { InferenceState } from '../../core/inference/inference-state.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import {
  acceptedText,
  changesBetween,
  flagsFor,
  isAccepted,
  pickNamed,
  refusedText,
  resumeRules,
} from '../../core/settings/resume-rules.ts';
import { type ResumeOptions, type RunUpdate, settingsOfToday } from '../runs/resume-run.ts';
import {
  type ResumeUpsampleRequest,
  updateOfPrompts,
  upsampleSettingsNow,
} from '../upsample/resume-upsample.ts';
import { type InferenceTypes, promptsCheckpoint } from './inference-types.ts';

const rules = resumeRules.inference;

/** What is given when a run from prompts to videos is resumed. */
export interface ResumeInferenceRequest {
  /** All that its first stage is given. */
  readonly prompts: ResumeUpsampleRequest;
  /** What flags say that are no settings of `config.toml`. */
  readonly options: Partial<Omit<InferenceOptions, 'named'>>;
  /** Paths of the settings that the command line names. */
  readonly named: readonly string[];
}

export function resumeInferenceOptions(request: ResumeInferenceRequest): ResumeOptions<InferenceTypes> {
  return {
    reference: request.prompts.reference,
    update: ({ checkpoint, state }) => updateOf(request, checkpoint, state),
  };
}

function updateOf(
  request: ResumeInferenceRequest,
  checkpoint: InferenceCheckpoint,
  state: InferenceState,
): RunUpdate {
  const was = checkpoint.settings;
  const prompts = promptsCheckpoint(checkpoint);
  // A stage that the run does not have is not asked for.
  const isUpsampled = was.stages.includes('upsample');
  const ofPrompts = isUpsampled ? updateOfPrompts(request.prompts, prompts, state.prompts) : null;
  const now = settingsNow(request, was);
  const changes = changesBetween(rules, withoutPrompts(was), withoutPrompts(now));
  const taken = changes.filter(isAccepted);
  const inputs = request.prompts.inputs.length === 0 ? checkpoint.inputs : request.prompts.inputs;
  const isChanged = taken.length > 0 || (ofPrompts?.settings ?? null) !== null;
  const shown = taken.filter(({ path }) => path !== 'review' && path !== 'host' && path !== 'workers');
  const notices = [
    ofPrompts?.notice ?? null,
    shown.length === 0 ? null : `Changed settings: ${shown.map(acceptedText).join(', ')}.`,
  ].filter((notice) => notice !== null);
  const isProgramChanged = taken.some(({ path }) => path.startsWith('program.') || path === 'host');
  return {
    refused: [
      ...(ofPrompts?.refused ?? []),
      ...changes.filter((change) => !isAccepted(change)).map(refusedText),
    ],
    newRunCommand: newInferenceCommand(inputs, now),
    notice: notices.length === 0 ? null : notices.join(' '),
    settings: isChanged ? now : null,
    isWorkWithdrawn: isProgramChanged || (ofPrompts?.isWorkWithdrawn ?? false),
  };
}

function withoutPrompts({ upsample: _upsample, ...settings }: InferenceSettings): object {
  return settings;
}

function settingsNow(
  { prompts, options, named }: ResumeInferenceRequest,
  was: InferenceSettings,
): InferenceSettings {
  const config = inferenceConfigOf(was);
  const settings = settingsOfToday(prompts.settingsOver, config, pickNamed(rules, config, was.named));
  const upsample = upsampleSettingsNow(prompts, was.upsample);
  return inferenceSettingsFrom(settings, upsample, {
    stages: options.stages ?? was.stages,
    // A run that waits for a person is resumed by one.
    isReviewed: options.isReviewed ?? was.review,
    videosDir: options.videosDir ?? was.videos_dir,
    workers: options.workers ?? (was.named.includes('workers') ? was.workers : null),
    isForced: options.isForced || was.force,
    only: options.only ?? was.only,
    skip: options.skip ?? was.skip,
    named: [...new Set([...was.named, ...named])],
  });
}

/** The command of a run of these specs with the flags that name these settings. */
export function newInferenceCommand(inputs: readonly string[], settings: InferenceSettings): string {
  const { upsample, named } = settings;
  const ofPrompts = flagsFor(resumeRules.upsample, upsample, upsample.named ?? []);
  const own = flagsFor(
    rules,
    withoutPrompts(settings),
    named.filter((path) => path !== 'host' && path !== 'workers' && path !== 'force'),
  );
  return ['cosmos run', ...inputs.map(shellQuoted), ...own, ...ofPrompts].join(' ');
}
