import { z } from 'zod';
import { encodingDocumentShape } from '../../../src/core/encoding/describe-encoding.ts';
import { duplicateModes } from '../../../src/core/frames/duplicates/duplicate-finder.ts';
import { retoucherKinds } from '../../../src/core/retouch/retouch-settings.ts';
import { upscalerKinds } from '../../../src/core/upscale/upscale-settings.ts';
import type { videoPlanDocument } from '../../../src/output/json/video-plan-document.ts';

const count = z.int().min(0);
const positive = z.int().min(1);
const picture = z.object({ width: positive, height: positive, pixel_format: z.string() });

/** What `upscale --dry-run --json` and `retouch --dry-run --json` print. */
export const upscalePlanSchema = z
  .object({
    version: z.literal(1),
    kind: z.enum(['upscale', 'retouch']),
    input: picture.extend({
      path: z.string(),
      sha256: z.string(),
      size_bytes: count,
      codec: z.string(),
      rotation_degrees: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
      frame_rate: z.number(),
      duration_seconds: z.number().nullable(),
      chapters: count,
    }),
    output: picture.extend({ path: z.string() }),
    engine: z.object({
      kind: z.enum([...upscalerKinds, ...retoucherKinds]),
      model: z.string().nullable().describe('Path of the model.'),
      scale: z.int(),
      batch_size: positive,
      workers: positive,
      is_worker_count_open: z.boolean(),
      tile: count,
      ...encodingDocumentShape,
    }),
    host: z.string(),
    regions: z
      .array(
        z.object({
          first_frame: positive,
          last_frame: positive,
          box: z.object({ x: count, y: count, width: positive, height: positive }),
        }),
      )
      .exactOptional()
      .describe('Of `retouch`: where, in pixels of the frames as stored.'),
    counts: z.object({
      frames: count,
      unique_frames: count,
      duplicates: count,
      segments: count,
      batches: count,
    }),
    dedupe: z.object({
      mode: z.enum(duplicateModes),
      examples: z.array(z.object({ frame: positive, frames: positive, seconds: z.number() })),
    }),
    segments: z.array(
      z.object({
        segment_id: count,
        first_frame: positive,
        last_frame: positive,
        unique_frames: positive,
        first_batch: count,
      }),
    ),
    workers: z.array(z.object({ worker_id: count, batches: count })),
    streams: z.array(
      z.object({
        index: count,
        type: z.enum(['audio', 'subtitle', 'attachment', 'data', 'video']),
        action: z.enum(['copy', 'convert', 'drop']),
        codec: z.string().nullable().describe('Encoder that it is converted with.'),
        why: z.string().nullable(),
      }),
    ),
    notices: z.array(z.string()),
    scan_ms: count,
    expected: z.object({
      duration_ms: count.nullable(),
      output_bytes: count.nullable(),
      peak_bytes: count.nullable(),
    }),
    free_bytes: z.number().min(0).nullable(),
  })
  .describe('What upscale or retouch would do.') satisfies z.ZodType<UpscalePlanDocument>;

type Document = ReturnType<typeof videoPlanDocument>;
/** A document whose version and kind the code writes as a plain number and text, and whose lists may not be changed. */
type UpscalePlanDocument = Omit<Document, 'version' | 'streams' | 'notices' | 'dedupe'> & {
  readonly version: 1;
  readonly streams: readonly Document['streams'][number][];
  readonly notices: readonly string[];
  readonly dedupe: {
    readonly mode: Document['dedupe']['mode'];
    readonly examples: readonly Document['dedupe']['examples'][number][];
  };
};
