import { z } from 'zod';

const text = z.string().optional();

/** One stream as ffprobe describes it; numbers that may be unknown come as text or not at all. */
const probeStreamSchema = z.object({
  index: z.int().min(0),
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  width: z.int().min(0).default(0),
  height: z.int().min(0).default(0),
  sample_aspect_ratio: text,
  pix_fmt: text,
  field_order: text,
  color_range: text,
  color_space: text,
  color_primaries: text,
  color_transfer: text,
  chroma_location: text,
  time_base: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
  tags: z.object({ language: text, rotate: text }).optional(),
  side_data_list: z.array(z.object({ side_data_type: text, rotation: z.number().optional() })).optional(),
});

export const probeAnswerSchema = z.object({
  streams: z.array(probeStreamSchema).default([]),
  chapters: z.array(z.object({})).default([]),
  format: z.object({ format_name: text, start_time: text, duration: text }).default({}),
});

/** The entries that fill `probeAnswerSchema`. */
export const probeQuestions: readonly string[] = [
  '-show_entries',
  [
    `stream=${Object.keys(probeStreamSchema.shape).slice(0, -3).join(',')}`,
    'stream_disposition=attached_pic',
    'stream_tags=language,rotate',
    'stream_side_data=side_data_type,rotation',
    'chapter=id',
    'format=format_name,start_time,duration',
  ].join(':'),
];

/** The first frame that can be decoded. */
export const probeFrameSchema = z.object({
  frames: z
    .array(
      z.object({
        pix_fmt: text,
        interlaced_frame: z.number().optional(),
        side_data_list: z.array(z.object({ side_data_type: text })).optional(),
      }),
    )
    .default([]),
});

export type ProbeStream = z.infer<typeof probeStreamSchema>;
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;
export type ProbeFrame = z.infer<typeof probeFrameSchema>['frames'][number];
