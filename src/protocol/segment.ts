import { z } from 'zod';
import { sha256Schema, taskKeySchema } from './identifiers.ts';

const sidePx = z.int().min(1).max(65_536);
/** ffmpeg's names of pixel formats, colour spaces and the like: they become arguments of ffmpeg. */
const ffmpegName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const positive = z
  .int()
  .min(1)
  .max(2 ** 31);

const lightLevel = z.int().min(0).max(65_535);
const chromaticity = z.tuple([lightLevel, lightLevel]);
const luminance = z.int().min(0).max(0xffff_ffff);

const frameFormatSchema = z.object({ width: sidePx, height: sidePx, pixel_format: ffmpegName });

/** How the upscaled frames are encoded; what its bytes depend on is fixed here, so that every machine makes the same ones. */
export const encodingSchema = z.object({
  /** Null where the size is governed by `qp`, by `bitrate`, or by nothing. */
  crf: z.number().min(0).max(63).nullable(),
  /** As a user names it; encoders without presets pay no heed to it. */
  preset: ffmpegName,
  threads: z.int().min(1).max(128),
  /** The same bytes whatever instructions the CPU has. Missing in runs of older versions: what the CPU does best. */
  is_cpu_independent: z.boolean().optional(),
  /** Missing in runs of older versions, and in all of H.264 by x264. */
  codec: z.enum(['h264', 'hevc', 'av1', 'vp9', 'prores', 'ffv1']).exactOptional(),
  /** ffmpeg's name; missing: `libx264`. */
  encoder: ffmpegName.exactOptional(),
  qp: z.int().min(0).max(255).exactOptional(),
  /** Bits a second. */
  bitrate: z.int().min(1000).exactOptional(),
  /** As the user asked for; the clip has what the frames really are. */
  pixel_format: ffmpegName.exactOptional(),
  /** Options of the encoder, each as `name=value`. */
  options: z.array(z.string().max(200)).max(100).exactOptional(),
});

/** Which engine upscales, and how it is used. */
export const upscalerSpecSchema = z.object({
  kind: z.enum(['lanczos', 'onnx']),
  /** What was asked for; how large frames become is the clip's `target`. A model makes them as large as it does. */
  scale: z.number().min(0.1).max(16),
  /** Frames given to the engine at once. */
  batch_size: z.int().min(1).max(64),
  /** Engine processes side by side; batch b goes to lane b mod lanes. */
  lanes: z.int().min(1).max(64),
  /** The lanes may be fewer than `lanes` where a probe shows that more are no faster. */
  is_lane_count_open: z.boolean(),
  /** Side of the tiles that a model sees, in pixels of the source; 0: whole frames. */
  tile: z.int().min(0).max(8192),
  /** Content hash of the ONNX model, which lies among the objects; null for `lanczos`. */
  model: sha256Schema.nullable(),
  encoding: encodingSchema,
});

/** The clip that segments are cut from; the same for all of a run. */
const clipSchema = z.object({
  /** Content hash of the source, which lies among the objects. */
  source: sha256Schema,
  /** Number of the video stream in its file. */
  stream: z.int().min(0).max(1024),
  /** Whether the decoder turns frames as the file's rotation says. */
  is_turned: z.boolean(),
  /** Frames as the engine gets them. */
  frame: frameFormatSchema,
  /** Frames as the encoder keeps them. */
  target: frameFormatSchema,
  /** Nominal frame rate in frames per second; exact times are set when segments are put together. */
  frame_rate: z.object({ numerator: positive, denominator: positive }),
  /** Seconds of one tick of `first_time` and the like. */
  time_base: z.object({ numerator: positive, denominator: positive }),
  /** Shape of a pixel, width to height. */
  sample_aspect: z.object({ numerator: positive, denominator: positive }),
  color: z.object({
    range: ffmpegName.nullable(),
    space: ffmpegName.nullable(),
    primaries: ffmpegName.nullable(),
    transfer: ffmpegName.nullable(),
    chroma_location: ffmpegName.nullable(),
  }),
  /** The source's own range, where `color` has another one; missing: the same. */
  source_range: z.literal('pc').exactOptional(),
  /** Nothing was decoded before: what decodes the segments has to find out whether the source is damaged. */
  is_unchecked: z.literal(true).exactOptional(),
  /** What is done to frames before anything else; missing: nothing. */
  filters: z
    .object({
      deinterlace: z.enum(['auto', 'tff', 'bff']).exactOptional(),
      denoise: z.enum(['light', 'medium', 'strong']).exactOptional(),
    })
    .exactOptional(),
  /** Static metadata of HDR, in the units of the codecs (steps of 0.00002 and of 0.0001 cd/m²); missing: there is none. */
  hdr: z
    .object({
      mastering: z
        .object({
          ...{ red: chromaticity, green: chromaticity, blue: chromaticity, white: chromaticity },
          ...{ max_luminance: luminance, min_luminance: luminance },
        })
        .nullable(),
      content_light: z.object({ max: lightLevel, average: lightLevel }).nullable(),
    })
    .exactOptional(),
});

/** One segment to upscale. Times are ticks of the clip's time base. */
export const segmentTaskSchema = z.object({
  task_key: taskKeySchema,
  name: z.string().max(4096),
  segment_id: z.int().min(0),
  /** Number of its first batch over the whole video. */
  first_batch: z.int().min(0),
  clip: clipSchema,
  /** Time of a key frame from which decoding gives all frames of the segment; null: from the file's beginning. */
  seek_time: z.number().nullable(),
  /** Frames from here on; null: whatever the file begins with, where times are not to be trusted … */
  first_time: z.number().nullable(),
  /** … and before this; null: to the end. */
  end_time: z.number().nullable(),
  /** The frames that the clip's filters are to see, in the same way, which begin earlier and end later; missing: those alone. */
  filtered: z.object({ first_time: z.number(), end_time: z.number().nullable() }).exactOptional(),
  /** For each unique frame, how many frames in a row show it. */
  repeats: z.array(positive).min(1).max(1_000_000),
  /** So many of the unique frames, at the beginning and at the end, are only looked at: they are those of its neighbours. */
  context: z.object({ before: z.int().min(0), after: z.int().min(0) }).exactOptional(),
  /** How its frames are encoded, where that is not as the engine says: the videos of one run may differ in it. */
  encoding: encodingSchema.exactOptional(),
});

/** A segment that is done: its file lies under `segments/<task_key>.mp4` in the run folder. */
export const segmentFactsSchema = z.object({
  sha256: sha256Schema,
  size_bytes: z.int().min(1),
  frames: z.int().min(1),
  unique_frames: z.int().min(1),
  width: sidePx,
  height: sidePx,
  /** Milliseconds that each stage kept the others waiting or worked; they overlap, so their sum is more than the time. */
  stages_ms: z.object({ decode: z.int().min(0), upscale: z.int().min(0), encode: z.int().min(0) }),
  /** What the engine used in the end: less than asked for after it ran out of memory. */
  batch_size: z.int().min(1),
  tile: z.int().min(0),
  lanes: z.int().min(1),
});

/** The unique frames of a segment that are its own: by their numbers among those of its task, `end` is the one after the last. */
export function ownFrames({ repeats, context }: Pick<SegmentTask, 'repeats' | 'context'>) {
  const { before, after } = context ?? { before: 0, after: 0 };
  return { first: before, end: repeats.length - after };
}

/** Name of the task that shows whether a machine makes the same bytes as others; it is no segment of the run's video. */
export const canaryName = 'canary';

export type Encoding = z.infer<typeof encodingSchema>;
export type UpscalerSpec = z.infer<typeof upscalerSpecSchema>;
export type Clip = z.infer<typeof clipSchema>;
export type SegmentTask = z.infer<typeof segmentTaskSchema>;
export type SegmentFacts = z.infer<typeof segmentFactsSchema>;
