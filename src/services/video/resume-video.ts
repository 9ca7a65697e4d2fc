import { workersOf } from '../../core/settings/host-named.ts';
import {
  acceptedText,
  changesBetween,
  isAccepted,
  pickNamed,
  type ResumeRules,
  refusedText,
} from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { type RunUpdate, type SettingsOver, settingsOfToday } from '../runs/resume-run.ts';
import { withModelPath } from './source-of.ts';

/** What is given when a run that makes a video of a video is resumed. */
export interface ResumeVideoRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths; null where they were not given. */
  readonly input: string | null;
  readonly output: string | null;
  readonly settingsOver: SettingsOver;
  readonly host: string | null;
  readonly isForced: boolean;
  readonly isKeptGoing: boolean;
  /** Paths of the settings that the command line names. */
  readonly named: readonly string[];
}

/** The current settings, and those of a run that all kinds have, as they are now. */
export function videoSettingsNow(
  { settingsOver, output, host: hostNow, isForced, isKeptGoing, named }: ResumeVideoRequest,
  { settings: was }: Pick<VideoCheckpoint, 'settings'>,
  rules: ResumeRules,
  config: object,
) {
  const namedBefore = was.named ?? Object.keys(rules);
  const settings: Settings = settingsOfToday(settingsOver, config, pickNamed(rules, config, namedBefore));
  const host = hostNow ?? was.host;
  return {
    settings,
    common: {
      output: output ?? was.output,
      host,
      slots: workersOf(settings, host),
      keep_going: isKeptGoing || was.keep_going,
      force: isForced || was.force,
      named: [...new Set([...namedBefore, ...named])],
    },
  };
}

interface VideoRules {
  readonly rules: ResumeRules;
  /** The command of a new run of this video. */
  newCommand(input: string): string;
  /** The video of the run stands. */
  readonly isFinished: boolean;
}

const replacing = 'The output is there: the new run needs another --output, or --force to replace it.';

/** What becomes of a run whose settings are these by now; their model is its path, not its hash. */
export function videoUpdate<Checkpoint extends VideoCheckpoint>(
  { input: given }: ResumeVideoRequest,
  checkpoint: Checkpoint,
  now: Checkpoint['settings'],
  { rules, newCommand, isFinished }: VideoRules,
): RunUpdate {
  const { source, settings: was, model } = checkpoint;
  const input = given ?? source.path;
  const others = input === source.path ? [] : [`the video was ${source.path}`];
  return {
    ...settingsUpdate(rules, { was, now, model }, others),
    newRunCommand: newCommand(input),
    newRunNotes: [...(isFinished && now.output === was.output && !now.force ? [replacing] : [])],
  };
}

interface SettingsChange<Settings> {
  readonly was: Settings;
  /** Their model is its path, not its hash. */
  readonly now: Settings;
  readonly model: VideoCheckpoint['model'];
}

/** What is taken of changed settings, and what is refused. @param others - What else is given and cannot be taken: sentences. */
export function settingsUpdate<Settings extends VideoCheckpoint['settings']>(
  rules: ResumeRules,
  { was, now, model }: SettingsChange<Settings>,
  others: readonly string[],
): Omit<RunUpdate, 'newRunCommand'> {
  const changes = changesBetween(rules, withModelPath(was, { model }), now);
  const taken = changes.filter(isAccepted);
  return {
    refused: [...others, ...changes.filter((change) => !isAccepted(change)).map(refusedText)],
    notice: taken.length === 0 ? null : `Changed settings: ${taken.map(acceptedText).join(', ')}.`,
    settings: taken.length === 0 ? null : { ...now, engine: { ...now.engine, model: was.engine.model } },
    isWorkWithdrawn: taken.some(({ path }) => path === 'host' || path === 'slots'),
  };
}
