import type { RgbFrame } from '../../ports/media-tool.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/input-options.ts';
import { runFfmpegProgram } from '../ffmpeg/programs.ts';
import { ffmpegReason, unreadableVideo } from '../ffmpeg/unreadable-video.ts';
import type { JpegFrames } from './jpeg-frames.ts';

/** How ffmpeg is run. */
interface DecodeOptions {
  readonly program: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Decodes a hint's frames: ffmpeg writes raw RGB into a pipe, which is cut by the size the JPEG headers say.
 *
 * @throws AppError `video-unreadable` when not every frame can be decoded.
 */
export async function decodeRgbFrames(
  hintPath: string,
  jpegs: JpegFrames,
  options: DecodeOptions,
): Promise<readonly RgbFrame[]> {
  const { width, height } = jpegs;
  const frameBytes = width * height * 3;
  const expectedBytes = frameBytes * jpegs.frames.length;
  const outcome = await runFfmpegProgram(options.program, decodeArguments(hintPath), {
    timeoutMs: options.timeoutMs,
    maxStdoutBytes: expectedBytes,
    signal: options.signal,
  });
  if (outcome.exitCode !== 0 || outcome.stdout.length !== expectedBytes) {
    throw unreadableVideo(
      hintPath,
      outcome.isTimedOut ? 'decoding it took too long' : ffmpegReason(outcome.stderr),
    );
  }
  return jpegs.frames.map((_, index) => ({
    width,
    height,
    data: outcome.stdout.subarray(index * frameBytes, (index + 1) * frameBytes),
  }));
}

function decodeArguments(hintPath: string): readonly string[] {
  return [
    ...['-nostdin', '-v', 'error', '-threads', '1', ...guardedInputOptions, '-i', asFileUrl(hintPath)],
    ...['-map', '0:V:0', '-sws_flags', 'accurate_rnd+full_chroma_int+bitexact', '-pix_fmt', 'rgb24'],
    ...['-f', 'rawvideo', 'pipe:1'],
  ];
}
