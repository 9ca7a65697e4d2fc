import { z } from 'zod';
import { configOfEncoding, encodingSettingsSchema } from '../encoding/encoding-settings.ts';
import { hostTableOf } from '../settings/host-list.ts';
import { videoSettingsShape } from '../upscale/upscale-settings.ts';

export const retoucherKinds = ['fill', 'blur', 'pixelize', 'solid', 'lanczos', 'onnx', 'command'] as const;
/** Which number of its mask makes a model fill a pixel. */
export const modelMasks = ['auto', 'erase-one', 'erase-zero'] as const;
/** What the numbers of a model's picture and of its result are: from black to full. */
export const modelRangePattern = /^(auto|(0\.\.1|0\.\.255|signed),(0\.\.1|0\.\.255|signed))$/;
export const modelRangeForm = 'IMAGE,RESULT';
/** Pictures that a program gets. */
export const commandFormats = ['rgb24', 'rgb48le'] as const;

/** What one run of `retouch` was asked to do, frozen in its checkpoint. Where it is asked to do it are the plan's regions. */
export const retouchSettingsSchema = z.object({
  ...videoSettingsShape,
  /** Where it is done, as a person wrote it: see `RegionText`. */
  regions: z.array(z.string()),
  /** A picture or a video that is white where it is done; null: none. */
  mask: z.string().nullable().default(null),
  /** A file with regions; null: none. */
  plan: z.string().nullable().default(null),
  /** What was looked for besides: `text`, or the path of a detector; null: nothing. */
  detect: z.string().nullable().default(null),
  /** Numbers of the detector's classes that count; empty: all. */
  detect_classes: z.array(z.int().min(0)).default([]),
  /** From which score on. */
  detect_confidence: z.union([z.literal('auto'), z.number()]).default('auto'),
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
    margin_px: z.int().min(0).default(128),
    model_mask: z.enum(modelMasks).default('auto'),
    model_range: z.string().default('auto'),
    command: z.array(z.string()).default([]),
    command_folder: z.string().default('.'),
    command_format: z.enum(commandFormats).default('rgb24'),
    encoding: encodingSettingsSchema,
  }),
});

export type RetouchSettings = z.infer<typeof retouchSettingsSchema>;
export type RetoucherKind = (typeof retoucherKinds)[number];

/** A run's settings in the shape of `config.toml`. @param modelPath - Null for an engine without a model. */
export function configOfRetouch(
  { engine, host, slots, detect_confidence }: RetouchSettings,
  modelPath: string | null,
) {
  return {
    retouching: {
      engine: engine.kind,
      strength: engine.strength,
      color: engine.color,
      detect_confidence,
      dilate: engine.dilate_px,
      feather: engine.feather_px,
      margin: engine.margin_px,
      model: modelPath ?? '',
      model_mask: engine.model_mask,
      model_range: engine.model_range,
      command: engine.command,
      command_format: engine.command_format,
      context: engine.context_frames,
      ...configOfEncoding(engine.encoding),
    },
    ...hostTableOf(host, slots),
  };
}

/** More of them show more of what is behind, and each is held in memory, whole. */
const fillFrames = 32;

/** How many frames before and after one its engine looks at. Those of a model see each frame alone. */
export function contextFramesOf({ engine, context }: { engine: RetoucherKind; context: number }): number {
  if (engine === 'fill') return fillFrames;
  return engine === 'command' ? context : 0;
}
