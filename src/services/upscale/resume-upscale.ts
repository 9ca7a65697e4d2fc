import { encodingNow } from '../../core/encoding/encoding-settings.ts';
import { duplicateModeFor } from '../../core/frames/duplicates/duplicate-finder.ts';
import { filtersOf } from '../../core/frames/frame-filters.ts';
import { modelArgument } from '../../core/models/built-in-models.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { flagsFor, resumeRules } from '../../core/settings/resume-rules.ts';
import { configOfUpscale, type UpscaleSettings } from '../../core/upscale/upscale-settings.ts';
import type { UpscaleCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { ModelLibrary } from '../../ports/model-library.ts';
import type { ResumeOptions } from '../runs/resume-run.ts';
import { type ResumeVideoRequest, videoSettingsNow, videoUpdate } from '../video/resume-video.ts';
import type { UpscaleTypes } from '../video/video-types.ts';

const rules = resumeRules.upscale;

/** What is given when a run that upscales is resumed. */
export interface ResumeUpscaleRequest extends ResumeVideoRequest {
  readonly modelPathOf: ModelLibrary['pathOf'];
  /** Pictures a second; null where that was not given. */
  readonly fps: string | null;
}

export function resumeUpscaleOptions(request: ResumeUpscaleRequest): ResumeOptions<UpscaleTypes> {
  return {
    reference: request.reference,
    update: ({ checkpoint, state }) => {
      const now = upscaleSettingsNow(request, checkpoint);
      const newCommand = (input: string) => newUpscaleCommand(input, now);
      return videoUpdate(request, checkpoint, now, { rules, newCommand, isFinished: state.video !== null });
    },
  };
}

/** The run's settings as they are by now; the model is its path, not its hash. */
export function upscaleSettingsNow(
  request: ResumeUpscaleRequest,
  checkpoint: Pick<UpscaleCheckpoint, 'settings' | 'model'>,
): UpscaleSettings {
  const { settings: was, model } = checkpoint;
  const config = configOfUpscale(was, model?.path ?? null);
  const { settings, common } = videoSettingsNow(request, checkpoint, rules, config);
  const { upscaling } = settings;
  const { engine: kind, workers } = upscaling;
  const lanes = workers === 'auto' ? was.engine.lanes : workers;
  const filters = filtersOf(upscaling);
  const fps = request.fps ?? was.fps;
  return {
    ...common,
    ...(fps !== undefined && { fps }),
    ...(Object.keys(filters).length > 0 && { filters }),
    dedupe: duplicateModeFor(upscaling.dedupe, { hasModel: kind === 'onnx' }),
    engine: {
      ...{ kind, scale: upscaling.scale, batch_size: upscaling.batch_size, tile: upscaling.tile, lanes },
      ...(upscaling.size !== '' && { size: upscaling.size }),
      is_lane_count_open: was.engine.is_lane_count_open && lanes === was.engine.lanes,
      model:
        kind === 'onnx' && upscaling.model !== ''
          ? request.modelPathOf(upscaling.model, upscaling.scale)
          : null,
      encoding: encodingNow(was.engine.encoding, upscaling),
    },
  };
}

/** The command of a run of this video with the flags that name these settings. */
export function newUpscaleCommand(input: string, settings: UpscaleSettings): string {
  return ['cosmos upscale', shellQuoted(input), ...upscaleFlagsFor(settings)].join(' ');
}

/** The flags that name these settings, as they are typed. */
export function upscaleFlagsFor(settings: UpscaleSettings): string[] {
  const named = new Set(['output', ...(settings.named ?? [])]);
  const { engine } = settings;
  const model = engine.model && modelArgument(engine.model);
  return flagsFor(rules, { ...settings, engine: { ...engine, model } }, [...named]);
}
