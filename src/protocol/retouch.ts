import { z } from 'zod';
import { sha256Schema } from './identifiers.ts';
import { encodingSchema, segmentTaskSchema } from './segment.ts';

const count = z.int().min(0);
const offsetPx = z.int().min(0).max(65_536);
const sidePx = z.int().min(1).max(65_536);

/** How regions of frames are processed. */
export const retoucherSpecSchema = z.object({
  kind: z.enum(['fill', 'blur', 'pixelize', 'solid', 'lanczos', 'onnx', 'command']),
  /** Frames given to the engine at once. */
  batch_size: z.int().min(1).max(64),
  lanes: z.int().min(1).max(64),
  /** Content hash of the engine's model, which lies among the objects; null for an engine without one. */
  model: sha256Schema.nullable(),
  /** How strongly `blur` and `pixelize` hide and `lanczos` sharpens, in percent of what is usual. */
  strength: z.number().min(1).max(1000),
  /** Of `solid`: `#rrggbb`. */
  color: z.string().regex(/^#[0-9a-f]{6}$/),
  /** Around each box, in pixels: so much more is processed … */
  dilate_px: offsetPx,
  /** … and over so much the result fades into the source. */
  feather_px: offsetPx,
  /** How many unique frames the engine looks at before and after one. */
  context_frames: z.int().min(0).max(64).default(0),
  /** So much around a region is given to `onnx` and `command`, in pixels. */
  margin_px: offsetPx.default(128),
  /** Which number of the mask makes the model of `onnx` fill a pixel; `auto`: it is found out. */
  model_mask: z.enum(['auto', 'erase-one', 'erase-zero']).default('auto'),
  /**
   * What the numbers of its picture and of its result are from black to full, with a comma in between; `signed` is -1..1;
   * `auto`: it is found out.
   */
  model_range: z
    .string()
    .regex(/^(auto|(0\.\.1|0\.\.255|signed),(0\.\.1|0\.\.255|signed))$/)
    .default('auto'),
  /** Program and arguments of `command`; no shell sees them … */
  command: z.array(z.string().max(4096)).max(1000).default([]),
  /** … where it starts … */
  command_folder: z.string().max(4096).default('.'),
  /** … and what its pictures are. */
  command_format: z.enum(['rgb24', 'rgb48le']).default('rgb24'),
  encoding: encodingSchema,
});

/** A box that is processed in some of a segment's unique frames, which are counted from 0. */
const taskRegionSchema = z.object({
  first_unique: count,
  unique_frames: z.int().min(1),
  /** In pixels of the clip's frames, inside them. */
  box: z.object({ x: offsetPx, y: offsetPx, width: sidePx, height: sidePx }),
  /** Which of its pixels: for how many unique frames in a row which line of the file of masks. Missing: all. */
  masks: z
    .array(
      z.object({
        unique_frames: z.int().min(1),
        at: count,
        bytes: z
          .int()
          .min(0)
          .max(2 ** 26),
      }),
    )
    .min(1)
    .max(100_000)
    .exactOptional(),
});

/** One segment of a video in which regions are processed. */
export const retouchTaskSchema = segmentTaskSchema.extend({
  /** Content hash of the file of masks, which lies among the objects; null where no region has a mask. */
  masks: sha256Schema.nullable().default(null),
  regions: z.array(taskRegionSchema).max(100_000),
});

export type RetoucherSpec = z.infer<typeof retoucherSpecSchema>;
export type RetouchTask = z.infer<typeof retouchTaskSchema>;
