import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { containerOf } from '../../../../../src/core/frames/container-limits.ts';
import { planStreams } from '../../../../../src/core/frames/stream-plan.ts';
import type { VideoFacts } from '../../../../../src/core/frames/video-facts.ts';
import type { AssemblyRequest, SegmentFile } from '../../../../../src/ports/video-tool.ts';
import { ffmpeg, ffprobe, type Probe } from './ffmpeg-runs.ts';

export interface RigOptions {
  readonly framesPerSegment?: number;
  /** More options of the encoder, such as a pixel format. */
  readonly encoding?: readonly string[];
  readonly isTurned?: boolean;
}

/** A request to put together upscaled segments of this source, made with real segments in `folder`. */
export async function makeRequest(
  sourcePath: string,
  outputPath: string,
  folder: string,
  options: RigOptions = {},
): Promise<AssemblyRequest> {
  const probe = await ffprobe(sourcePath, '-show_streams', '-show_format', '-show_chapters');
  const facts = factsOf(probe);
  const { packets } = await ffprobe(
    sourcePath,
    '-select_streams',
    String(facts.video.index),
    '-show_packets',
  );
  const times = Float64Array.from(packets.map(({ pts }) => pts)).sort();
  const last = packets.find(({ pts }) => pts === times.at(-1));
  const { width, height } = facts.video.size;
  const size = { width: width * 2, height: height * 2 };
  const segments = await makeSegments(sourcePath, times.length, size, join(folder, 'segments'), options);
  return {
    source: { path: sourcePath, facts },
    streams: planStreams(facts, containerOf(outputPath) ?? 'mkv'),
    segments,
    timeline: { times, endTime: (times.at(-1) ?? 0) + (last?.duration ?? 1) },
    size,
    isTurned: options.isTurned ?? false,
    workFolder: join(folder, 'work'),
    outputPath,
    mayReplace: true,
  };
}

async function makeSegments(
  sourcePath: string,
  frames: number,
  size: { readonly width: number; readonly height: number },
  folder: string,
  { framesPerSegment = 15, encoding = [] }: RigOptions,
): Promise<SegmentFile[]> {
  await mkdir(folder, { recursive: true });
  const scale = `scale=${size.width}:${size.height}:flags=lanczos,settb=1/24,setpts=N`;
  const cuts = Array.from(
    { length: Math.ceil(frames / framesPerSegment) },
    (_, index) => index * framesPerSegment,
  );
  const segments = cuts.map((first) => ({
    path: join(folder, `${String(first).padStart(5, '0')}.mp4`),
    frames: Math.min(framesPerSegment, frames - first),
  }));
  // All of them in one go: one decoder for many encoders.
  const splits = cuts.map((_, index) => `[s${index}]`).join('');
  const chains = segments.map(
    ({ frames: count }, index) =>
      `[s${index}]select=between(n\\,${cuts[index]}\\,${(cuts[index] ?? 0) + count - 1}),${scale}[o${index}]`,
  );
  await ffmpeg(
    ...[
      '-noautorotate',
      '-i',
      sourcePath,
      '-filter_complex',
      `[0:V:0]split=${cuts.length}${splits};${chains.join(';')}`,
    ],
    ...segments.flatMap(({ path }, index) => [
      ...['-map', `[o${index}]`, '-fps_mode', 'passthrough', '-enc_time_base', '1/24', '-c:v', 'libx264'],
      ...['-preset', 'veryfast', '-bf', '2', '-threads', '1', '-map_metadata', '-1', '-map_chapters', '-1'],
      ...['-bitexact', ...encoding, path],
    ]),
  );
  return segments;
}

function factsOf({ streams, format, chapters }: Probe): VideoFacts {
  const video = streams.find(
    (stream) => stream.codec_type === 'video' && stream.disposition['attached_pic'] !== 1,
  );
  if (!video) throw new Error('no video');
  const rotation = video.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  return {
    container: format.format_name,
    sizeBytes: Number(format.size),
    startSeconds: Number(format.start_time ?? 0),
    durationSeconds: Number(format.duration),
    video: {
      index: video.index,
      codec: video.codec_name ?? 'unknown',
      size: { width: video.width, height: video.height },
      sampleAspect: fraction(video.sample_aspect_ratio ?? '1:1'),
      rotationDegrees: ((360 - rotation) % 360) as 0 | 90 | 180 | 270,
      pixelFormat: video.pix_fmt,
      timeBase: fraction(video.time_base),
      endTime: null,
      frameRate: fraction(video.avg_frame_rate),
      color: {
        range: null,
        space: video.color_space ?? null,
        primaries: null,
        transfer: null,
        chromaLocation: null,
      },
      extras: [],
    },
    others: streams
      .filter((stream) => stream !== video)
      .map((stream) => ({
        index: stream.index,
        type: stream.codec_type as 'audio',
        codec: stream.codec_name ?? stream.codec_tag_string,
        language: stream.tags?.['language'] ?? null,
        isAttachedPicture: stream.disposition['attached_pic'] === 1,
        sound: null,
      })),
    chapters: chapters.map(({ start_time, end_time }) => ({
      startSeconds: Number(start_time),
      endSeconds: Number(end_time),
    })),
    othersEndSeconds: null,
  };
}

function fraction(text: string) {
  const [numerator = 0, denominator = 1] = text.split(/[/:]/).map(Number);
  return { numerator, denominator };
}

export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Bytes of all files in these folders. */
export async function bytesIn(...folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const stats = await stat(join(folder, name)).catch(() => null);
      if (stats?.isFile()) bytes += stats.size;
    }
  }
  return bytes;
}

/** Names beside the output, the unfinished one included. */
export async function namesBeside(outputPath: string): Promise<readonly string[]> {
  const names = await readdir(dirname(outputPath));
  return names.filter((name) => name.includes(basename(outputPath)));
}
