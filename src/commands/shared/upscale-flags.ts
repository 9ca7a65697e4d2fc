import { Flags, type Interfaces } from '@oclif/core';
import { duplicateChoices } from '../../core/frames/duplicates/duplicate-finder.ts';
import { usualFrameRate } from '../../core/frames/picture-series.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { upscalerKinds } from '../../core/upscale/upscale-settings.ts';
import { usageError } from '../../errors/app-error.ts';
import { encodingFlags, encodingLayerOf } from './encoding-flags.ts';
import { filterFlags, filterLayerOf } from './filter-flags.ts';
import { queueFlags, queueLayerOf, runFlags, storeFlags, withoutMissing } from './run-flags.ts';
import { sizeFlags, sizeLayerOf } from './size-flags.ts';

/** Flags that decide what is made of a video. No defaults here: those are the settings'. */
export const upscaleFlags = {
  output: Flags.string({
    char: 'o',
    description:
      'the finished video: .mp4, .mov, .mkv or .webm (default: clip-2x.mp4 beside clip.mp4); pictures: larger/frame_%06d.png; of several videos, their folder',
    helpValue: 'PATH',
  }),
  ...sizeFlags,
  ...filterFlags,
  fps: Flags.string({
    description: `pictures a second of numbered pictures, such as 24, 23.976 or 30000/1001 (default: ${usualFrameRate})`,
    helpValue: 'RATE',
  }),
  engine: Flags.string({
    options: [...upscalerKinds],
    description: 'what upscales: lanczos (embedded, no model; the default) or onnx (a model)',
  }),
  model: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description:
      'network that upscales: a name of "cosmos models", such as esrgan-slim, or an ONNX file; implies --engine onnx',
    helpValue: 'NAME|PATH',
  }),
  'batch-size': Flags.integer({
    min: 1,
    max: 64,
    description: 'frames given to the engine at a time (default: 8)',
    helpValue: 'N',
  }),
  tile: Flags.integer({
    min: 0,
    max: 8192,
    description:
      'side of the tiles that a model sees, in pixels of the source; 0: whole frames (default: 256)',
    helpValue: 'PIXELS',
  }),
  workers: Flags.string({
    description: 'engine processes in parallel (default: auto, by the GPU or the cores)',
    helpValue: 'auto|N',
    parse: async (text) => {
      if (text === 'auto' || (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64)) return text;
      const problem = `--workers ${text}: neither auto nor a number from 1 to 64.`;
      throw usageError(problem, 'Leave it out to let the GPU memory, or the number of cores, decide.');
    },
  }),
  dedupe: Flags.string({
    options: [...duplicateChoices],
    description: 'which repeated frames are upscaled once (default: auto: safe with a model, else off)',
  }),
  ...encodingFlags,
  host: runFlags.host,
  ...queueFlags,
  force: Flags.boolean({ default: false, description: 'replace the output if it exists' }),
  'keep-going': Flags.boolean({
    default: false,
    description: 'upscale what can be read of a damaged video instead of refusing it',
  }),
  ...storeFlags,
};

/** Flags of several videos. */
export const videoSetFlags = {
  suffix: Flags.string({
    description:
      'put between the name of each video and its ending, where --output is a folder: --suffix=-2x',
    helpValue: 'TEXT',
    parse: async (text) => {
      if (/^[^/\\\0]*$/.test(text)) return text;
      throw usageError(`--suffix ${text}: part of a name, without / or \\.`, 'For example: --suffix=-2x');
    },
  }),
};

export type GivenUpscaleFlags = Partial<Interfaces.InferredFlags<typeof upscaleFlags & typeof videoSetFlags>>;

/** @throws AppError `usage-invalid` for several models: a run has one. */
export function assertOneModel({ model: models = [] }: GivenUpscaleFlags): void {
  if (models.length <= 1) return;
  throw usageError(
    `A video is upscaled with one model, and ${models.length} are given.`,
    'Keep one of them; to see them side by side, add --preview.',
  );
}

export function upscaleLayerOf(flags: GivenUpscaleFlags): SettingsLayer {
  const { workers, model: [model] = [] } = flags;
  const upscaling = {
    // A user who names a model means the engine that has one.
    engine: flags.engine ?? (model === undefined ? undefined : 'onnx'),
    model,
    ...sizeLayerOf(flags),
    ...filterLayerOf(flags),
    batch_size: flags['batch-size'],
    tile: flags.tile,
    workers: workers === undefined || workers === 'auto' ? workers : Number(workers),
    dedupe: flags.dedupe,
    ...encodingLayerOf(flags),
  };
  const upsampling = { checkpoint_dir: flags['checkpoint-dir'] };
  return {
    source: 'the command line',
    values: {
      upscaling: withoutMissing(upscaling),
      upsampling: withoutMissing(upsampling),
      ...queueLayerOf(flags),
    },
  };
}
