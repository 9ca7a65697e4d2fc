import { resolve } from 'node:path';
import {
  configOfRetouch,
  contextFramesOf,
  type RetouchSettings,
} from '../../core/retouch/retouch-settings.ts';
import { localHostName, workersOf } from '../../core/settings/host-named.ts';
import {
  acceptedText,
  changesBetween,
  isAccepted,
  pickNamed,
  refusedText,
  resumeRules,
} from '../../core/settings/resume-rules.ts';
import type { RetouchCheckpoint } from '../../core/video/video-checkpoint.ts';
import {
  type ResumeOptions,
  type RunUpdate,
  type SettingsOver,
  settingsOfToday,
} from '../runs/resume-run.ts';
import { withModelPath } from '../video/source-of.ts';
import { newRetouchCommand, type RetouchTypes } from './retouch-kind.ts';

const rules = resumeRules.retouch;

/** What is given when a run that processes regions is resumed. */
interface ResumeRetouchRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths; null where they were not given. */
  readonly input: string | null;
  readonly output: string | null;
  /** Empty where none was given. */
  readonly regions: readonly string[];
  readonly mask: string | null;
  readonly plan: string | null;
  /** An absolute path or `text`; null where it was not given. */
  readonly detect: string | null;
  readonly detectClasses: readonly number[];
  readonly settingsOver: SettingsOver;
  readonly host: string | null;
  readonly isForced: boolean;
  readonly isKeptGoing: boolean;
  /** Paths of the settings that the command line names. */
  readonly named: readonly string[];
}

export function resumeRetouchOptions(request: ResumeRetouchRequest): ResumeOptions<RetouchTypes> {
  return { reference: request.reference, update: ({ checkpoint }) => updateOf(request, checkpoint) };
}

function updateOf(request: ResumeRetouchRequest, checkpoint: RetouchCheckpoint): RunUpdate {
  const { source, settings: was } = checkpoint;
  const now = settingsNow(request, checkpoint);
  const changes = changesBetween(rules, withModelPath(was, checkpoint), now);
  const taken = changes.filter(isAccepted);
  const input = request.input ?? source.path;
  return {
    refused: [
      ...(input === source.path ? [] : [`the video was ${source.path}`]),
      ...changes.filter((change) => !isAccepted(change)).map(refusedText),
      ...(now.engine.kind === 'command' && now.host !== localHostName
        ? [`the program of --command is here, and not on ${now.host}`]
        : []),
    ],
    newRunCommand: newRetouchCommand(input, now),
    notice: taken.length === 0 ? null : `Settings of today: ${taken.map(acceptedText).join(', ')}.`,
    settings: taken.length === 0 ? null : { ...now, engine: { ...now.engine, model: was.engine.model } },
    isWorkWithdrawn: taken.some(({ path }) => path === 'host' || path === 'slots'),
  };
}

/** The run's settings as they are by now; the model is its path, not its hash. */
function settingsNow(
  {
    settingsOver,
    output,
    regions,
    mask,
    plan,
    detect,
    detectClasses,
    host: hostNow,
    isForced,
    isKeptGoing,
    named: namedNow,
  }: ResumeRetouchRequest,
  checkpoint: RetouchCheckpoint,
): RetouchSettings {
  const { settings: was, model } = checkpoint;
  const namedBefore = was.named ?? Object.keys(rules);
  const config = configOfRetouch(was, model?.path ?? null);
  const settings = settingsOfToday(settingsOver, config, pickNamed(rules, config, namedBefore));
  const { retouching } = settings;
  const { engine, strength, color, dilate, feather, crf, preset, detect_confidence } = retouching;
  const host = hostNow ?? was.host;
  return {
    ...was,
    output: output ?? was.output,
    host,
    slots: workersOf(settings, host),
    regions: regions.length > 0 ? [...regions] : was.regions,
    mask: mask ?? was.mask,
    plan: plan ?? was.plan,
    detect: detect ?? was.detect,
    detect_classes: detectClasses.length > 0 ? [...detectClasses] : was.detect_classes,
    detect_confidence,
    keep_going: isKeptGoing || was.keep_going,
    force: isForced || was.force,
    named: [...new Set([...namedBefore, ...namedNow])],
    engine: {
      ...was.engine,
      ...{ kind: engine, strength, color },
      ...{ dilate_px: dilate, feather_px: feather, margin_px: retouching.margin },
      model: engine === 'onnx' && retouching.model !== '' ? resolve(retouching.model) : null,
      ...{ model_mask: retouching.model_mask, model_range: retouching.model_range },
      ...{ command: retouching.command, command_format: retouching.command_format },
      context_frames: contextFramesOf(retouching),
      encoding: { ...was.engine.encoding, crf, preset },
    },
  };
}
