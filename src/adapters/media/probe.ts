import { join, parse } from 'node:path';
import { z } from 'zod';
import { fractionValue, parseFraction, squareSamples } from '../../core/frames/fraction.ts';
import { displaySize, type Size } from '../../core/hints/display-size.ts';
import type { VideoColours, VideoInfo, VideoTiming } from '../../core/hints/video-info.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import type { AppError } from '../../errors/app-error.ts';
import { chooseVideoStream } from '../ffmpeg/choose-video-stream.ts';
import { unreadableVideo } from '../ffmpeg/failures.ts';
import { askFfprobe, clockTime } from '../ffmpeg/ffprobe.ts';
import { guardedInputOptions } from '../ffmpeg/source-file.ts';
import { openRegularFile } from '../files/open-file.ts';
import { defaultMatrix } from '../frames/color.ts';
import type { HintProgram } from './hint-frames.ts';

const entries =
  'stream=width,height,sample_aspect_ratio,color_space,color_transfer,nb_frames,nb_read_packets,avg_frame_rate,r_frame_rate,duration' +
  ':stream_disposition=default:stream_side_data=rotation:stream_tags=rotate,DURATION:format=duration';

const streamSchema = z.object({
  width: z.int().min(0).default(0),
  height: z.int().min(0).default(0),
  sample_aspect_ratio: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  nb_frames: z.string().optional(),
  nb_read_packets: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  duration: z.string().optional(),
  disposition: z.object({ default: z.number().optional() }).optional(),
  tags: z.object({ rotate: z.string().optional(), DURATION: z.string().optional() }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});

const answerSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z.object({ duration: z.string().optional() }).default({}),
});

const askingOptions = { inputOptions: guardedInputOptions, startFailureCode: 'hint-failed' } as const;

type Answer = z.infer<typeof answerSchema>;
type Stream = z.infer<typeof streamSchema>;

/**
 * What ffprobe says of the video stream of a file that is meant.
 *
 * fluent-ffmpeg's own `ffprobe` is not used because it can be neither stopped nor given a timeout.
 *
 * @throws AppError `video-unreadable`, `prerequisite-missing`.
 */
export async function probeWithFfprobe(path: string, options: HintProgram): Promise<VideoInfo> {
  const answer = await ask(path, options, []).catch(async (error: unknown) => {
    throw (await pictureError(path)) ?? error;
  });
  const place = await chooseVideoStream(path, answer.streams, { ...options, ...askingOptions });
  const info = describe(path, answer, place);
  if (info) return info;
  // Neither a count nor a length, as in recordings of a browser: only reading the file through shows them.
  const counted = describe(path, await ask(path, options, ['-count_packets']), place);
  if (!counted) throw unreadableVideo(path, 'it holds no frame');
  return counted;
}

/** How files of single pictures begin, as latin1. */
const pictures: readonly (readonly [begin: string, format: string])[] = [
  ['\x89PNG', 'PNG'],
  ['\xff\xd8\xff', 'JPEG'],
  ['BM', 'BMP'],
  ['II*\0', 'TIFF'],
  ['MM\0*', 'TIFF'],
  ['\xff\x0a', 'JPEG XL'],
  ['\0\0\0\x0cJXL ', 'JPEG XL'],
  ['8BPS', 'Photoshop'],
  ['v/1\x01', 'OpenEXR'],
  ['#?RADIANCE', 'HDR'],
  ['GIF8', 'GIF'],
];

function pictureFormat(begin: string): string | null {
  const box = begin.slice(4, 12);
  if (begin.startsWith('RIFF') && begin.slice(8, 12) === 'WEBP') return 'WebP';
  if (/^ftyp(?:avi[fs]|hei[cxms]|m[is]f1)$/.test(box)) return 'AVIF or HEIC';
  if (/^\s*</.test(begin) && /<svg\b/i.test(begin)) return 'SVG';
  return pictures.find(([signature]) => begin.startsWith(signature))?.[1] ?? null;
}

/** That a file is a picture, and how a video is made of it; null for any other file. */
async function pictureError(path: string): Promise<AppError | null> {
  const format = pictureFormat(await readBegin(path).catch(() => ''));
  if (format === null) return null;
  const { dir, name } = parse(path);
  const even = "-vf 'crop=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p'";
  const made = shellQuoted(join(dir, `${name}.mp4`));
  return unreadableVideo(path, `it is a picture (${format}), not a video`, {
    nextStep: `Make a video from it and use that in the spec: ffmpeg -loop 1 -i ${shellQuoted(path)} -t 1 ${even} ${made}`,
  });
}

async function readBegin(path: string): Promise<string> {
  await using file = await openRegularFile(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1024), position: 0 });
  return buffer.subarray(0, bytesRead).toString('latin1');
}

async function ask(path: string, options: HintProgram, more: readonly string[]): Promise<Answer> {
  return await askFfprobe(path, ['-select_streams', 'V', '-show_entries', entries, ...more], answerSchema, {
    ...options,
    ...askingOptions,
  });
}

/** Null when there is a picture, but nothing that says how many. */
function describe(path: string, answer: Answer, place: number): VideoInfo | null {
  const stream = answer.streams[place];
  if (!stream) throw unreadableVideo(path, 'it holds no video, only sound, a cover picture or nothing');
  if (stream.width === 0 || stream.height === 0) throw unreadableVideo(path, 'it is damaged or not a video');
  const size = displaySize({
    width: stream.width,
    height: stream.height,
    sampleAspect: parseFraction(stream.sample_aspect_ratio) ?? squareSamples,
    rotationDegrees: rotationOf(stream),
  });
  const timing = timingOf(stream, answer.format.duration);
  const isMatrixSaid = stream.color_space !== undefined && stream.color_space !== 'unknown';
  const colours = videoColours(stream, stream.color_transfer, isMatrixSaid);
  return timing && { ...size, ...timing, ...colours, ...(place > 0 ? { place } : {}) };
}

/**
 * What is special about a video's colours.
 *
 * @param coded - Size of the pictures as stored.
 * @param transfer - By ffmpeg's name.
 */
export function videoColours(coded: Size, transfer: string | undefined, isMatrixSaid: boolean): VideoColours {
  const hdr = hdrOf[transfer ?? ''];
  const assumed = hdr === undefined ? defaultMatrix(coded) : 'bt2020';
  const isAssumed = !isMatrixSaid && assumed !== 'smpte170m';
  return { ...(hdr && { hdr }), ...(isAssumed && { assumedMatrix: assumed }) };
}

const hdrOf: Readonly<Record<string, NonNullable<VideoColours['hdr']>>> = {
  smpte2084: 'pq',
  'arib-std-b67': 'hlg',
};

function timingOf(stream: Stream, formatDuration: string | undefined): VideoTiming | null {
  const rate = fraction(stream.avg_frame_rate) ?? fraction(stream.r_frame_rate) ?? 25;
  // Matroska's tag is about the stream; what ffprobe computes there is about the longest one, or a guess.
  const durationSeconds =
    clockTime(stream.tags?.DURATION) ?? positive(stream.duration) ?? positive(formatDuration);
  const counted = positive(stream.nb_frames) ?? positive(stream.nb_read_packets);
  if (counted === null && durationSeconds === null) return null;
  const frames = counted ?? Math.max(1, Math.round((durationSeconds ?? 0) * rate));
  const length = durationSeconds ?? frames / rate;
  return { frames, durationSeconds: length, frameRate: counted === null ? rate : frames / length };
}

/** The display matrix counts; the tag is what older files have. */
function rotationOf(stream: Stream): number {
  const side = stream.side_data_list?.find((data) => data.rotation !== undefined);
  return side?.rotation ?? Number(stream.tags?.rotate ?? 0);
}

/** `30000/1001` or `64:45`. Null for `0/0`, `N/A` and the like. */
function fraction(text: string | undefined): number | null {
  const parsed = parseFraction(text);
  return parsed && fractionValue(parsed);
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}
