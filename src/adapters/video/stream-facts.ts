import { z } from 'zod';
import { readHdrMetadata } from '../../core/encoding/hdr-metadata.ts';
import { type Fraction, parseFraction, squareSamples } from '../../core/frames/fraction.ts';
import { interlacedFields } from '../../core/frames/frame-filters.ts';
import { pixelFamily } from '../../core/frames/pixel-family.ts';
import type {
  ColorTags,
  OtherStreamFacts,
  SoundFacts,
  VideoStreamFacts,
} from '../../core/frames/video-facts.ts';
import { clockTime } from '../ffmpeg/ffprobe.ts';

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
  nb_frames: text,
  start_time: text,
  duration: text,
  channels: z.int().min(0).default(0),
  channel_layout: text,
  sample_rate: text,
  sample_fmt: text,
  bits_per_sample: z.int().min(0).default(0),
  bits_per_raw_sample: text,
  start_pts: z.number().optional(),
  duration_ts: z.number().optional(),
  disposition: z.object({ attached_pic: z.number().optional(), default: z.number().optional() }).optional(),
  tags: z
    .object({ language: text, rotate: text, DURATION: text, alpha_mode: text, ALPHA_MODE: text })
    .optional(),
  side_data_list: z
    .array(z.looseObject({ side_data_type: text, rotation: z.number().optional() }))
    .optional(),
});

export const probeAnswerSchema = z.object({
  streams: z.array(probeStreamSchema).default([]),
  chapters: z.array(z.object({ start_time: z.coerce.number(), end_time: z.coerce.number() })).default([]),
  format: z.object({ format_name: text, start_time: text, duration: text }).default({}),
});

/** What ffprobe says of the static metadata of HDR. */
export const hdrEntries = [
  ...['red', 'green', 'blue', 'white_point'].flatMap((point) => [`${point}_x`, `${point}_y`]),
  ...['min_luminance', 'max_luminance', 'max_content', 'max_average'],
].join(',');

/** The entries that fill `probeAnswerSchema`. */
export const probeQuestions: readonly string[] = [
  '-show_entries',
  [
    `stream=${Object.keys(probeStreamSchema.shape).slice(0, -3).join(',')}`,
    'stream_disposition=attached_pic,default',
    'stream_tags=language,rotate,DURATION,alpha_mode,ALPHA_MODE',
    `stream_side_data=side_data_type,rotation,${hdrEntries}`,
    'chapter=start_time,end_time',
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
        side_data_list: z.array(z.looseObject({ side_data_type: text })).optional(),
      }),
    )
    .default([]),
});

export type ProbeStream = z.infer<typeof probeStreamSchema>;
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;
export type ProbeFrame = z.infer<typeof probeFrameSchema>['frames'][number];

/** Where a file has no rate at all, as a single picture. */
const usualRate: Fraction = { numerator: 25, denominator: 1 };
const unknownNames = new Set(['unknown', 'unspecified', 'reserved', '']);

/** Lost only where it is not whole. */
const staticHdr = 'HDR10 metadata';

/** What side data of pictures means; everything else goes with the frames or is about coding only. */
const extraNames: readonly (readonly [RegExp, string])[] = [
  [/mastering display|content light/i, staticHdr],
  [/2094-40|HDR dynamic|HDR10\+/i, 'HDR10+ metadata'],
  [/dolby vision|DOVI/i, 'Dolby Vision metadata'],
  [/A\/?53|closed captions/i, 'closed captions inside the picture'],
  [/stereo 3d/i, 'stereoscopic 3D layout'],
  [/spherical/i, 'spherical projection'],
  [/timecode/i, 'time codes inside the picture'],
];

/** The stream to be upscaled; null when its size, format or time base is not known, or it gave no frame. */
export function describeVideo(
  stream: ProbeStream,
  frame: ProbeFrame | null,
  container: string,
): VideoStreamFacts | null {
  const timeBase = parseFraction(stream.time_base);
  const pixelFormat = frame?.pix_fmt ?? stream.pix_fmt;
  const hdr = readHdrMetadata([...(frame?.side_data_list ?? []), ...(stream.side_data_list ?? [])]);
  if (!frame || !timeBase || !pixelFormat || stream.width === 0 || stream.height === 0) return null;
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    size: { width: stream.width, height: stream.height },
    sampleAspect: parseFraction(stream.sample_aspect_ratio) ?? squareSamples,
    rotationDegrees: rotationOf(stream),
    pixelFormat,
    timeBase,
    endTime: endTimeOf(stream, container),
    frameRate: parseFraction(stream.avg_frame_rate) ?? parseFraction(stream.r_frame_rate) ?? usualRate,
    color: colorOf(stream),
    hdr,
    extras: extrasOf(stream, frame).filter((extra) => extra !== staticHdr || hdr === null),
  };
}

/** MP4 notes the length of each track. Elsewhere it is guessed from the frame rate, or that of another stream. */
function endTimeOf(
  { start_pts: start, duration_ts: duration }: ProbeStream,
  container: string,
): number | null {
  return /^mov\b/.test(container) && start !== undefined && duration !== undefined ? start + duration : null;
}

/** Any other stream. What is none of the known types is data. */
export function describeOther(stream: ProbeStream): OtherStreamFacts {
  return {
    index: stream.index,
    type: typeOf(stream.codec_type),
    codec: codecOf(stream),
    language: stream.tags?.language ?? null,
    isAttachedPicture: stream.disposition?.attached_pic === 1,
    sound: stream.codec_type === 'audio' ? describeSound(stream) : null,
  };
}

function describeSound(stream: ProbeStream): SoundFacts {
  const sampleFormat = stream.sample_fmt ?? 's16';
  const wholeBits = { u: 8, s: Number(/\d+/.exec(sampleFormat)?.[0] ?? 16) }[sampleFormat.charAt(0)] ?? 32;
  const usedBits = Number(stream.bits_per_raw_sample) || stream.bits_per_sample || wholeBits;
  return {
    channels: stream.channels,
    layout: nameOrNull(stream.channel_layout),
    sampleRate: Number(stream.sample_rate) || 0,
    sampleFormat,
    bits: Math.min(usedBits, wholeBits),
  };
}

/** When the last of these streams that are heard or shown ends, in seconds; null where the file does not say. */
export function endOfStreams({ streams, format }: ProbeAnswer, besides: number): number | null {
  const heard = streams.filter(
    ({ index, codec_type: type, disposition }) =>
      index !== besides && (type === 'audio' || (type === 'video' && disposition?.attached_pic !== 1)),
  );
  if (heard.length === 0) return null;
  const ends = heard.flatMap(({ start_time: start, duration, tags }) => {
    // Matroska's tag says when it ends.
    const end = Number(duration) > 0 ? (Number(start) || 0) + Number(duration) : clockTime(tags?.DURATION);
    return end === null ? [] : [end];
  });
  const whole = (Number(format.start_time) || 0) + Number(format.duration);
  return ends.length > 0 ? Math.max(...ends) : Number.isNaN(whole) ? null : whole;
}

/** Data mostly has no codec by name; its four letters say what it is. */
function codecOf({ codec_name: name = 'unknown', codec_tag_string: tag }: ProbeStream): string {
  const isNamed = !['none', 'unknown', 'bin_data'].includes(name);
  return isNamed || tag === undefined || !/^[\w ]{4}$/.test(tag) ? name : tag.trim();
}

function typeOf(type: string | undefined): OtherStreamFacts['type'] {
  return type === 'audio' || type === 'subtitle' || type === 'attachment' || type === 'video' ? type : 'data';
}

function colorOf(stream: ProbeStream): ColorTags {
  return {
    range: nameOrNull(stream.color_range),
    space: nameOrNull(stream.color_space),
    primaries: nameOrNull(stream.color_primaries),
    transfer: nameOrNull(stream.color_transfer),
    chromaLocation: nameOrNull(stream.chroma_location),
  };
}

export function nameOrNull(name: string | undefined): string | null {
  return name === undefined || unknownNames.has(name) ? null : name;
}

/** The display matrix counts, and turns the other way round; the tag is what older files have. */
function rotationOf(stream: ProbeStream): VideoStreamFacts['rotationDegrees'] {
  const matrix = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  const clockwise = matrix === undefined ? Number(stream.tags?.rotate ?? 0) : -matrix;
  const quarters = Math.round((Number.isFinite(clockwise) ? clockwise : 0) / 90);
  return ([0, 90, 180, 270] as const)[((quarters % 4) + 4) % 4] ?? 0;
}

function extrasOf(stream: ProbeStream, frame: ProbeFrame): readonly string[] {
  const sideData = [...(stream.side_data_list ?? []), ...(frame.side_data_list ?? [])];
  const found = new Set<string>();
  for (const { side_data_type: type = '' } of sideData) {
    const known = extraNames.find(([pattern]) => pattern.test(type));
    if (known) found.add(known[1]);
  }
  const isInterlaced = /^(tt|bb|tb|bt)$/.test(stream.field_order ?? '') || frame.interlaced_frame === 1;
  if (isInterlaced) found.add(interlacedFields);
  // Of VP8 and VP9 it is a second picture beside the first, of which ffmpeg's own decoders know nothing.
  const alphaMode = stream.tags?.alpha_mode ?? stream.tags?.ALPHA_MODE;
  if (alphaMode === '1' && pixelFamily(frame.pix_fmt ?? '')?.hasAlpha !== true) found.add('transparency');
  return [...found];
}
