import { resolve } from 'node:path';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { workersOf } from '../../core/settings/host-named.ts';
import {
  acceptedText,
  changesBetween,
  flagsFor,
  isAccepted,
  pickNamed,
  refusedText,
  resumeRules,
} from '../../core/settings/resume-rules.ts';
import { configOfUpscale, type UpscaleSettings } from '../../core/upscale/upscale-settings.ts';
import type { UpscaleCheckpoint } from '../../core/video/video-checkpoint.ts';
import {
  type ResumeOptions,
  type RunUpdate,
  type SettingsOver,
  settingsOfToday,
} from '../runs/resume-run.ts';
import { withModelPath } from '../video/source-of.ts';
import type { UpscaleTypes } from '../video/video-types.ts';

const rules = resumeRules.upscale;

/** What is given when a run that upscales is resumed. */
interface ResumeUpscaleRequest {
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

export function resumeUpscaleOptions(request: ResumeUpscaleRequest): ResumeOptions<UpscaleTypes> {
  return { reference: request.reference, update: ({ checkpoint }) => updateOf(request, checkpoint) };
}

function updateOf(request: ResumeUpscaleRequest, checkpoint: UpscaleCheckpoint): RunUpdate {
  const { source, settings: was } = checkpoint;
  const now = settingsNow(request, checkpoint);
  const changes = changesBetween(rules, withModelPath(was, checkpoint), now);
  const taken = changes.filter(isAccepted);
  const input = request.input ?? source.path;
  return {
    refused: [
      ...(input === source.path ? [] : [`the video was ${source.path}`]),
      ...changes.filter((change) => !isAccepted(change)).map(refusedText),
    ],
    newRunCommand: newUpscaleCommand(input, now),
    notice: taken.length === 0 ? null : `Settings of today: ${taken.map(acceptedText).join(', ')}.`,
    settings: taken.length === 0 ? null : { ...now, engine: { ...now.engine, model: was.engine.model } },
    isWorkWithdrawn: taken.some(({ path }) => path === 'host' || path === 'slots'),
  };
}

/** The run's settings as they are by now; the model is its path, not its hash. */
function settingsNow(
  { settingsOver, output, host: hostNow, isForced, isKeptGoing, named: namedNow }: ResumeUpscaleRequest,
  checkpoint: UpscaleCheckpoint,
): UpscaleSettings {
  const { settings: was, model } = checkpoint;
  const namedBefore = was.named ?? Object.keys(rules);
  const config = configOfUpscale(was, model?.path ?? null);
  const settings = settingsOfToday(settingsOver, config, pickNamed(rules, config, namedBefore));
  const { upscaling } = settings;
  const { engine: kind, workers } = upscaling;
  const lanes = workers === 'auto' ? was.engine.lanes : workers;
  const host = hostNow ?? was.host;
  return {
    output: output ?? was.output,
    host,
    slots: workersOf(settings, host),
    dedupe: upscaling.dedupe,
    keep_going: isKeptGoing || was.keep_going,
    force: isForced || was.force,
    named: [...new Set([...namedBefore, ...namedNow])],
    engine: {
      ...{ kind, scale: upscaling.scale, batch_size: upscaling.batch_size, tile: upscaling.tile, lanes },
      is_lane_count_open: was.engine.is_lane_count_open && lanes === was.engine.lanes,
      model: kind === 'onnx' && upscaling.model !== '' ? resolve(upscaling.model) : null,
      encoding: { ...was.engine.encoding, crf: upscaling.crf, preset: upscaling.preset },
    },
  };
}

/** The command of a run of this video with the flags that name these settings. */
export function newUpscaleCommand(input: string, settings: UpscaleSettings): string {
  const named = new Set(['output', ...(settings.named ?? [])]);
  return ['cosmos upscale', shellQuoted(input), ...flagsFor(rules, settings, [...named])].join(' ');
}
