import { z } from 'zod';
import { fractionValue, parseFraction } from '../../../core/frames/fraction.ts';
import { askFfprobe } from '../../ffmpeg/ffprobe.ts';
import type { FfmpegOptions } from '../../ffmpeg/run-ffmpeg.ts';
import { sourceOptions } from '../../ffmpeg/source-file.ts';
import { hdrEntries } from '../stream-facts.ts';

/** Facts of streams that do not depend on how many packets there are. */
const streamEntries = [
  ...['index', 'codec_type', 'codec_name', 'profile', 'width', 'height', 'sample_aspect_ratio', 'pix_fmt'],
  ...['color_range', 'color_space', 'color_transfer', 'color_primaries', 'chroma_location', 'field_order'],
  ...['sample_rate', 'channels', 'channel_layout', 'extradata_hash', 'time_base'],
];
const entries = [
  `stream=${streamEntries.join(',')}:stream_disposition:stream_tags:stream_side_data=rotation,${hdrEntries}`,
  'chapter=start_time,end_time:chapter_tags:format=start_time,duration:format_tags',
].join(':');

const tagsSchema = z.record(z.string(), z.unknown()).default({});
const streamSchema = z.looseObject({
  index: z.int().min(0),
  codec_type: z.string().default('unknown'),
  codec_name: z.string().default('unknown'),
  time_base: z.string(),
  channels: z.int().optional(),
  channel_layout: z.string().optional(),
  sample_rate: z.string().optional(),
  disposition: z.record(z.string(), z.number()).default({}),
  tags: tagsSchema,
  side_data_list: z.array(z.looseObject({ rotation: z.number().optional() })).default([]),
});
const chapterSchema = z.looseObject({
  start_time: z.coerce.number(),
  end_time: z.coerce.number(),
  tags: tagsSchema,
});
const answerSchema = z.object({
  streams: z.array(streamSchema).default([]),
  chapters: z.array(chapterSchema).default([]),
  format: z.object({ duration: z.coerce.number().optional(), tags: tagsSchema }).default({ tags: {} }),
});

export type FileChapter = z.infer<typeof chapterSchema>;
export type FileStream = z.infer<typeof streamSchema>;
export type FileFacts = z.infer<typeof answerSchema>;

const timeoutMs = 600_000;

/** @throws AppError `video-unreadable`. */
export async function readFileFacts(path: string, { programs, signal }: FfmpegOptions): Promise<FileFacts> {
  return await askFfprobe(path, ['-show_entries', entries, '-show_data_hash', 'crc32'], answerSchema, {
    program: programs.ffprobe,
    timeoutMs,
    signal,
    inputOptions: sourceOptions,
  });
}

/** Seconds of one tick of the stream's times. */
export function tickSecondsOf({ time_base }: FileStream): number {
  const fraction = parseFraction(time_base);
  return fraction ? fractionValue(fraction) : Number.NaN;
}
