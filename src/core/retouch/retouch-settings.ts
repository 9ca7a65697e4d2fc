import { z } from 'zod';
import { hostTableOf } from '../settings/host-list.ts';
import { encodingSettingsSchema, videoSettingsShape } from '../upscale/upscale-settings.ts';

export const retoucherKinds = ['blur', 'pixelize', 'solid'] as const;

/** What one run of `retouch` was asked to do, frozen in its checkpoint. Where it is asked to do it are the plan's regions. */
export const retouchSettingsSchema = z.object({
  ...videoSettingsShape,
  /** Where it is done, as a person wrote it: see `RegionText`. */
  regions: z.array(z.string()),
  /** A picture or a video that is white where it is done; null: none. */
  mask: z.string().nullable().default(null),
  engine: z.object({
    kind: z.enum(retoucherKinds),
    batch_size: z.int().min(1).max(64),
    lanes: z.int().min(1).max(64),
    /** Content hash of the model; null for an engine without one. */
    model: z.string().nullable(),
    strength: z.number().min(1).max(1000),
    color: z.string(),
    dilate_px: z.int().min(0),
    feather_px: z.int().min(0),
    context_frames: z.int().min(0).default(0),
    encoding: encodingSettingsSchema,
  }),
});

export type RetouchSettings = z.infer<typeof retouchSettingsSchema>;
export type RetoucherKind = (typeof retoucherKinds)[number];

/** A run's settings in the shape of `config.toml`. */
export function configOfRetouch({ engine, host, slots }: RetouchSettings) {
  const { kind, strength, color, dilate_px: dilate, feather_px: feather, encoding } = engine;
  const { crf, preset } = encoding;
  return {
    retouching: { engine: kind, strength, color, dilate, feather, crf, preset },
    ...hostTableOf(host, slots),
  };
}
