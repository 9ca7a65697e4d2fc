import { sampleStepSeconds } from '../../core/hints/sample-step.ts';
import type { HintRequest } from '../../ports/media-tool.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/input-options.ts';

/** Frames whose time misses the wanted one by less count as on time: time bases round. */
const toleranceSeconds = 0.001;

/**
 * Which frames to take: `spaced` ones as the request says, or the `first` ones, for clips whose times are not
 * what probing promised.
 */
export type Sampling = 'spaced' | 'first';

/**
 * The ffmpeg arguments for one hint. The same arguments give the same bytes on the same machine: one thread,
 * bit-exact code paths, no metadata.
 *
 * Frames are full-range BT.601, which is what JPEG decoders assume, whatever the source says of itself.
 */
export async function hintArguments(
  request: HintRequest,
  targetPath: string,
  sampling: Sampling,
): Promise<readonly string[]> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  return ffmpeg()
    .input(asFileUrl(request.sourcePath))
    .inputOptions(['-nostdin', '-y', '-v', 'error', '-threads', '1', ...guardedInputOptions])
    .videoFilters(filters(request, sampling))
    .videoCodec('mjpeg')
    .frames(request.frames)
    .outputOptions(['-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'])
    .outputOptions(['-r', decimal(request.fps), '-q:v', '2', '-threads', '1'])
    .outputOptions(['-fflags', '+bitexact', '-flags:v', '+bitexact', '-f', 'mp4'])
    .output(asFileUrl(targetPath))
    ._getArguments();
}

function filters(request: HintRequest, sampling: Sampling): string[] {
  const { width, height } = request.size;
  const step = decimal(sampleStepSeconds(request.video, request.frames, request.fps));
  const select = `select=gte(t+${toleranceSeconds}\\,selected_n*${step})`;
  return [
    ...(sampling === 'spaced' ? ['setpts=PTS-STARTPTS', select] : []),
    `scale=${width}:${height}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact:out_color_matrix=bt601:out_range=pc`,
    'format=yuvj420p',
    'setsar=1',
    `setpts=N/(${decimal(request.fps)}*TB)`,
  ];
}

/** A number without an exponent, which ffmpeg's expressions would not take. */
function decimal(value: number): string {
  return String(Number(value.toFixed(6)));
}
