import type { Size } from '../../core/hints/display-size.ts';
import type { RgbFrame } from '../../ports/media-tool.ts';
import { reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import type { FfprobeOptions } from '../ffmpeg/ffprobe.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { readJpegSize } from '../frames/picture-files.ts';
import { findBox, Mp4FormatError } from '../mp4/boxes.ts';
import { onlyTrack, readSamplePlaces } from '../mp4/samples.ts';
import { tablesOf, tracksOf } from '../mp4/tracks.ts';

/** Tables larger than this are not those of a hint. */
const maxFrames = 100_000;

/** The frames of a hint as they lie in the file, all of one size. */
export interface JpegFrames extends Size {
  /** Whole JPEG files, as views into the hint's bytes. */
  readonly frames: readonly Buffer[];
}

/**
 * Takes the frames out of a hint (Motion JPEG in MP4) without decoding them.
 *
 * @throws Mp4FormatError when the bytes are not a whole hint: no frame, a frame that is no JPEG, mixed sizes.
 */
export function parseHint(file: Buffer): JpegFrames {
  const tables = tablesOf(onlyTrack(tracksOf(findBox(file, ['moov']) ?? Buffer.alloc(0))));
  const { sizes, offsets } = readSamplePlaces(tables, file.length, maxFrames);
  const frames = Array.from(sizes, (size, frame) =>
    file.subarray(offsets[frame], (offsets[frame] ?? 0) + size),
  );
  const [first, ...others] = frames.map(readJpegSize);
  if (!first)
    throw new Mp4FormatError(frames.length === 0 ? 'it holds no frame' : 'a frame is not a JPEG picture');
  if (!others.every((size) => size?.width === first.width && size.height === first.height)) {
    throw new Mp4FormatError('its frames are damaged or of several sizes');
  }
  return { ...first, frames };
}

export type HintProgram = Pick<FfprobeOptions, 'program' | 'timeoutMs' | 'signal'>;

/**
 * Decodes a hint's frames: ffmpeg writes raw RGB into a pipe, which is cut by the size the JPEG headers say.
 *
 * @throws AppError `video-unreadable` when not every frame can be decoded.
 */
export async function decodeRgbFrames(
  hintPath: string,
  { width, height, frames }: JpegFrames,
  { program, ...options }: HintProgram,
): Promise<readonly RgbFrame[]> {
  const frameBytes = width * height * 3;
  const maxStdoutBytes = frameBytes * frames.length;
  const { stdout, exitCode, isTimedOut, stderrTail } = await runFfmpeg(program, decodeArguments(hintPath), {
    ...options,
    maxStdoutBytes,
    startFailureCode: 'hint-failed',
  });
  if (exitCode !== 0 || stdout.length !== maxStdoutBytes) {
    throw unreadableVideo(hintPath, isTimedOut ? 'decoding it took too long' : reasonInStderr(stderrTail));
  }
  return frames.map((_, frame) => ({
    width,
    height,
    data: stdout.subarray(frame * frameBytes, (frame + 1) * frameBytes),
  }));
}

function decodeArguments(hintPath: string): readonly string[] {
  return [
    ...['-nostdin', '-v', 'error', '-threads', '1', ...guardedInputOptions, '-i', asFileUrl(hintPath)],
    ...['-map', '0:V:0', '-sws_flags', 'accurate_rnd+full_chroma_int+bitexact', '-pix_fmt', 'rgb24'],
    ...['-f', 'rawvideo', 'pipe:1'],
  ];
}
