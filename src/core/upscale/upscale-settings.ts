import { z } from 'zod';
import { configOfEncoding, encodingSettingsSchema } from '../encoding/encoding-settings.ts';
import { duplicateModes } from '../frames/duplicates/duplicate-finder.ts';
import { frameFiltersSchema } from '../frames/frame-filters.ts';
import { scaleLimits } from '../frames/target-size.ts';
import { hostTableOf } from '../settings/host-list.ts';

export const upscalerKinds = ['lanczos', 'onnx'] as const;

/** What every run that makes a video of a video is asked to do. */
export const videoSettingsShape = {
  /** Absolute path of the finished video. */
  output: z.string(),
  host: z.string(),
  /** Workers of the host, each with lanes of its own. */
  slots: z.int().min(1),
  dedupe: z.enum(duplicateModes),
  /** A damaged source gives what can be read of it. */
  keep_going: z.boolean(),
  /** A file that stands at `output` is replaced. */
  force: z.boolean(),
  /** As in the settings of runs that enrich specs. */
  named: z.array(z.string()).optional(),
};

/** What one run of `upscale` was asked to do, frozen in its checkpoint. */
export const upscaleSettingsSchema = z.object({
  ...videoSettingsShape,
  /** Pictures a second, as it was written, of a source that is numbered pictures; missing: the usual rate, or a video. */
  fps: z.string().exactOptional(),
  /** What was asked to be done to frames before; missing: nothing. */
  filters: frameFiltersSchema.exactOptional(),
  engine: z.object({
    kind: z.enum(upscalerKinds),
    scale: z.number().min(scaleLimits.least).max(scaleLimits.most),
    /** The size that was asked for in place of `scale`, as it was written. */
    size: z.string().exactOptional(),
    batch_size: z.int().min(1).max(64),
    lanes: z.int().min(1).max(64),
    is_lane_count_open: z.boolean(),
    tile: z.int().min(0),
    /** Content hash of the model; null for an engine without one. */
    model: z.string().nullable(),
    encoding: encodingSettingsSchema,
  }),
});

export type UpscaleSettings = z.infer<typeof upscaleSettingsSchema>;
export type UpscalerKind = (typeof upscalerKinds)[number];

/** A run's settings in the shape of `config.toml`. @param model - Path of the model's file; null for an engine without one. */
export function configOfUpscale(
  { engine, filters, dedupe, host, slots }: UpscaleSettings,
  model: string | null,
) {
  const { kind, scale, size = '', batch_size, tile, lanes, encoding } = engine;
  return {
    upscaling: {
      engine: kind,
      model: model ?? '',
      scale,
      size,
      deinterlace: filters?.deinterlace ?? ('off' as const),
      denoise: filters?.denoise ?? ('off' as const),
      batch_size,
      tile,
      workers: lanes,
      dedupe,
      ...configOfEncoding(encoding),
    },
    ...hostTableOf(host, slots),
  };
}
