import { resolve } from 'node:path';
import { encodingNow } from '../../core/encoding/encoding-settings.ts';
import {
  configOfRetouch,
  contextFramesOf,
  type RetouchSettings,
} from '../../core/retouch/retouch-settings.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { resumeRules } from '../../core/settings/resume-rules.ts';
import type { RetouchCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { ResumeOptions, RunUpdate } from '../runs/resume-run.ts';
import { type ResumeVideoRequest, videoSettingsNow, videoUpdate } from '../video/resume-video.ts';
import { newRetouchCommand, type RetouchTypes } from './retouch-kind.ts';

const rules = resumeRules.retouch;

/** What is given when a run that processes regions is resumed. */
interface ResumeRetouchRequest extends ResumeVideoRequest {
  /** Empty where none was given. */
  readonly regions: readonly string[];
  /** Absolute paths; null where they were not given. */
  readonly mask: string | null;
  readonly plan: string | null;
  /** An absolute path or `text`; null where it was not given. */
  readonly detect: string | null;
  readonly detectClasses: readonly number[];
}

export function resumeRetouchOptions(request: ResumeRetouchRequest): ResumeOptions<RetouchTypes> {
  return {
    reference: request.reference,
    update: ({ checkpoint, state }) => updateOf(request, checkpoint, state.video !== null),
  };
}

function updateOf(
  request: ResumeRetouchRequest,
  checkpoint: RetouchCheckpoint,
  isFinished: boolean,
): RunUpdate {
  const now = settingsNow(request, checkpoint);
  const newCommand = (input: string) => newRetouchCommand(input, now);
  const update = videoUpdate(request, checkpoint, now, {
    rules,
    newCommand,
    isFinished,
  });
  if (now.engine.kind !== 'command' || now.host === localHostName) return update;
  return {
    ...update,
    refused: [...update.refused, `the program of --command is on this machine, not on ${now.host}`],
  };
}

/** The run's settings as they are by now; the model is its path, not its hash. */
function settingsNow(request: ResumeRetouchRequest, checkpoint: RetouchCheckpoint): RetouchSettings {
  const { settings: was, model } = checkpoint;
  const config = configOfRetouch(was, model?.path ?? null);
  const { settings, common } = videoSettingsNow(request, checkpoint, rules, config);
  const { retouching } = settings;
  const { regions, mask, plan, detect, detectClasses } = request;
  const { engine, strength, color, dilate, feather, detect_confidence } = retouching;
  return {
    ...was,
    ...common,
    regions: regions.length > 0 ? [...regions] : was.regions,
    mask: mask ?? was.mask,
    plan: plan ?? was.plan,
    detect: detect ?? was.detect,
    detect_classes: detectClasses.length > 0 ? [...detectClasses] : was.detect_classes,
    detect_confidence,
    engine: {
      ...was.engine,
      ...{ kind: engine, strength, color },
      ...{ dilate_px: dilate, feather_px: feather, margin_px: retouching.margin },
      model: engine === 'onnx' && retouching.model !== '' ? resolve(retouching.model) : null,
      ...{ model_mask: retouching.model_mask, model_range: retouching.model_range },
      ...{ command: retouching.command, command_format: retouching.command_format },
      context_frames: contextFramesOf(retouching),
      encoding: encodingNow(was.engine.encoding, retouching),
    },
  };
}
