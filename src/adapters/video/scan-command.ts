import { fractionText } from '../../core/frames/fraction.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { VideoStreamFacts } from '../../core/frames/video-facts.ts';
import type { ScanOptions } from '../../ports/video-tool.ts';
import { asFileUrl } from '../ffmpeg/input-options.ts';
import type { FfmpegPrograms } from '../ffmpeg/programs.ts';
import { decodingOptions } from '../ffmpeg/source-options.ts';

/** What is scanned, and how. */
export interface ScanRequest {
  readonly programs: FfmpegPrograms;
  readonly path: string;
  readonly stream: VideoStreamFacts;
  readonly options: ScanOptions;
  readonly signal: AbortSignal | undefined;
}

/**
 * The ffmpeg arguments that decode a video once and tell of every frame: a line with time and hash on stdout, and its
 * picture, if asked for, on file descriptor 3. Pictures are as stored, not turned.
 *
 * Each line is flushed at once; else they would come in blocks, long after the pictures they belong to.
 */
export function scanArguments(
  path: string,
  stream: VideoStreamFacts,
  withPictures: boolean,
): readonly string[] {
  const { width, height } = stream.size;
  // No step at all, unless the size changes in the middle of the video.
  const size = `scale=${width}:${height}:flags=bicubic+accurate_rnd+bitexact`;
  const frames = [
    '-map',
    `0:${stream.index}`,
    '-fps_mode',
    'passthrough',
    '-c:v',
    'rawvideo',
    '-threads:v',
    '1',
  ];
  return [
    ...[...decodingOptions, '-noautorotate', '-i', asFileUrl(path)],
    ...[...frames, '-vf', size, '-enc_time_base', fractionText(stream.timeBase)],
    ...['-f', 'framehash', '-hash', 'murmur3', '-flush_packets', '1', 'pipe:1'],
    ...(withPictures ? [...frames, '-vf', `${pictureFilters(stream)}`, '-f', 'rawvideo', 'pipe:3'] : []),
  ];
}

/** A frame as the plan looks at it: its size, and the pixel format of {@link ScannedFrame}. */
export function pictureFormat({ size }: VideoStreamFacts): FrameFormat {
  return { ...size, pixelFormat: 'yuv420p' };
}

/**
 * The samples as they are, whatever their range; deeper ones lose their lowest bits, and no noise is added to hide that.
 * Only RGB has to be computed.
 */
function pictureFilters(stream: VideoStreamFacts): string {
  const { width, height, pixelFormat } = pictureFormat(stream);
  const values = 'in_range=pc:out_range=pc:sws_dither=none';
  return `scale=${width}:${height}:flags=bilinear+accurate_rnd+bitexact:${values},format=${pixelFormat}`;
}
