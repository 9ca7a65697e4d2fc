import { resolve } from 'node:path';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import {
  acceptedText,
  changesBetween,
  flagsFor,
  isAccepted,
  pickNamed,
  refusedText,
  resumeRules,
  type SettingChange,
} from '../../core/settings/resume-rules.ts';
import { budgetOf } from '../../core/tokens/budget.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import {
  configOf,
  type UpsampleOptions,
  type UpsampleSettings,
  upsampleSettingsFrom,
} from '../../core/upsample/upsample-settings.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import {
  type ResumeOptions,
  type RunUpdate,
  type SettingsOver,
  settingsOfToday,
} from '../runs/resume-run.ts';
import { countingOf } from './plan-spec.ts';
import type { UpsampleTypes } from './upsample-types.ts';

const rules = resumeRules.upsample;

/** What is given when a run that enriches specs is resumed. */
export interface ResumeUpsampleRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths of the SPECS arguments; empty when none were given. */
  readonly inputs: readonly string[];
  readonly settingsOver: SettingsOver;
  /** What flags say that are no settings of `config.toml`. */
  readonly options: Partial<Omit<UpsampleOptions, 'named'>>;
  /** Paths of the settings that the command line names. */
  readonly named: readonly string[];
}

export function resumeUpsampleOptions(request: ResumeUpsampleRequest): ResumeOptions<UpsampleTypes> {
  return {
    reference: request.reference,
    update: ({ checkpoint, state }) => updateOfPrompts(request, checkpoint, state),
  };
}

/** What a run's settings and inputs mean that are given by now. */
export function updateOfPrompts(
  request: ResumeUpsampleRequest,
  checkpoint: UpsampleCheckpoint,
  state: UpsampleState,
): RunUpdate {
  const was = checkpoint.settings;
  const now = upsampleSettingsNow(request, was);
  const all = changesBetween(rules, was, now);
  // A model that has answered nothing yet, such as one that the server does not have, may be another one.
  const { upsampled, reused } = state.counts;
  const isModelOpen = upsampled + reused === 0;
  const isTaken = (change: SettingChange) =>
    isAccepted(change) || (isModelOpen && change.path === 'engine.model' && change.now !== '');
  const isModelAdded = all.some((change) => change.path === 'engine.model' && isTaken(change));
  // The instruction of a model that was not named is the one for any; that of another format is another one.
  const isFormatOther = all.some(({ path }) => path === 'engine.prompt_format');
  const following = [
    ...(isModelAdded || isFormatOther ? ['engine.instruction'] : []),
    ...(isFormatOther ? ['video_fps'] : []),
  ];
  const changes = all.filter(({ path }) => !following.includes(path));
  const taken = changes.filter(isTaken);
  const inputs = request.inputs.length === 0 ? checkpoint.inputs : request.inputs;
  return {
    refused: [
      ...(isSame(inputs, checkpoint.inputs) ? [] : [`the specs were ${checkpoint.inputs.join(', ')}`]),
      ...changes.filter((change) => !isTaken(change)).map(refusedText),
      ...whatFitsNoMore(taken, now, state),
    ],
    newRunCommand: newUpsampleCommand(inputs, now),
    newRunNotes: changes.some(isOfOtherResults) && !isModelOpen && isSameFolder(was, now) ? [replacing] : [],
    notice: taken.length === 0 ? null : `Changed settings: ${taken.map(acceptedText).join(', ')}.`,
    settings: taken.length === 0 ? null : now,
    isWorkWithdrawn: taken.some(isOfWork),
  };
}

const replacing =
  'Results of this run are in the output folder: the new run needs another --output-dir, or --force to replace them.';

/** A run with these would replace what other ones made. */
function isOfOtherResults({ path }: SettingChange): boolean {
  return ['engine.kind', 'engine.model', 'engine.prompt_format'].includes(path);
}

function isSameFolder(was: UpsampleSettings, now: UpsampleSettings): boolean {
  return was.output_dir === now.output_dir && !now.force;
}

/**
 * The engine's settings go with what is submitted, so that a worker would do the rest of that with those of before; the
 * workers themselves are others on another host.
 */
function isOfWork({ path }: SettingChange): boolean {
  return path === 'host' || path === 'workers' || path.startsWith('engine.');
}

export function upsampleSettingsNow(
  { settingsOver, options, named: namedNow }: ResumeUpsampleRequest,
  was: UpsampleSettings,
): UpsampleSettings {
  const namedBefore = was.named ?? Object.keys(rules);
  const isNamed = (path: string) => namedBefore.includes(path);
  const config = configOf(was);
  const settings = settingsOfToday(settingsOver, config, pickNamed(rules, config, namedBefore));
  const host = options.host ?? was.host;
  const given = upsampleSettingsFrom(settings, {
    outputDir: resolve(options.outputDir ?? settings.upsampling.output_dir),
    host,
    workers: options.workers ?? (isNamed('workers') && host === was.host ? was.workers : null),
    writeBack: options.writeBack || was.write_back,
    force: options.force || was.force,
    allowTextOnly: options.allowTextOnly || was.allow_text_only,
    only: options.only ?? was.only,
    skip: options.skip ?? was.skip,
    limit: options.limit ?? was.limit,
    named: [...new Set([...namedBefore, ...namedNow])],
  });
  // The plan stays as it was counted.
  const { server, control_tokens, measured_sizes } = was;
  return {
    ...given,
    ...(server === undefined ? {} : { server }),
    ...(control_tokens === undefined ? {} : { control_tokens }),
    ...(measured_sizes === undefined ? {} : { measured_sizes }),
  };
}

/** A larger answer may leave too little room for the frames that were planned. */
function whatFitsNoMore(
  taken: readonly SettingChange[],
  now: UpsampleSettings,
  state: UpsampleState,
): string[] {
  if (!taken.some(({ path }) => path === 'engine.max_output_tokens')) return [];
  const counting = countingOf(now);
  const tooLong = [...state.specs.values()].filter(({ planned: { spec, hint, tokens } }) => {
    if (state.isSettled(spec) || tokens === null) return false;
    return !budgetOf({ ...counting, size: hint, frames: hint?.frames ?? 0, textTokens: tokens.text }).fits;
  });
  if (tooLong.length === 0) return [];
  const specs = tooLong.length === 1 ? '1 spec' : `${tooLong.length} specs`;
  return [
    `upsampling.engine.max_output_tokens ${counting.outputReserved} leaves too little room for ${specs} as planned, with upsampling.max_tokens ${counting.limit}`,
  ];
}

/** The command of a run of these specs with the flags that name these settings. */
export function newUpsampleCommand(inputs: readonly string[], settings: UpsampleSettings): string {
  const named = new Set(['output_dir', ...(settings.named ?? [])]);
  const flags = flagsFor(rules, settings, [...named]);
  return ['cosmos batch-upsample', ...inputs.map(shellQuoted), ...flags].join(' ');
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join('\0') === [...other].sort().join('\0');
}
