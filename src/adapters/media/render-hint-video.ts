import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { diskFullIn } from '../../errors/system-error.ts';
import type { HintFile, HintRequest } from '../../ports/media-tool.ts';
import { reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { LargePictureError, pixelLimit, refusedSize } from '../ffmpeg/picture-limits.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { Mp4FormatError } from '../mp4/boxes.ts';
import type { ProcessOutcome } from '../run-process.ts';
import { hintFailed, hintFolderUnusable } from './hint-errors.ts';
import { decimal, hintFilters, type Sampling } from './hint-filters.ts';
import { type HintProgram, type JpegFrames, parseHint } from './hint-frames.ts';

interface HintLimits extends HintProgram {
  /** Of one frame of the source. */
  readonly mostPixels: number;
}

/** More on stdout means that something is wrong: the hint goes to a file. */
const maxStdoutBytes = 65_536;

/**
 * Writes the hint of `request` to `targetPath`, durably, and says what was written. One ffmpeg process; a second
 * one only when the clip's times gave fewer frames than it has.
 *
 * @throws LargePictureError; AppError `video-unreadable` when the source gives no frame, `hint-failed`, `disk-full`.
 */
export async function renderHintVideo(
  request: HintRequest,
  targetPath: string,
  options: HintLimits,
): Promise<HintFile> {
  const spaced = await attempt(request, targetPath, options, 'spaced');
  const possible = Math.min(request.frames, request.video.frames);
  if (spaced && spaced.frames >= possible) return spaced;
  const first = await attempt(request, targetPath, options, 'first');
  if (!first) throw unreadableVideo(request.sourcePath, 'it holds no frame that can be decoded');
  return first;
}

/** Null when ffmpeg was content and yet wrote no frame. */
async function attempt(
  request: HintRequest,
  targetPath: string,
  { program, mostPixels, ...options }: HintLimits,
  sampling: Sampling,
): Promise<HintFile | null> {
  const programArguments = await hintVideoArguments(request, targetPath, sampling, mostPixels);
  const limits = { ...options, maxStdoutBytes, startFailureCode: 'hint-failed' } as const;
  const outcome = await runFfmpeg(program, programArguments, limits);
  // On a full disk ffmpeg complains, and may yet end well.
  const diskFull = diskFullIn(outcome.stderrTail, targetPath);
  if (diskFull) throw diskFull;
  const tooLarge = refusedSize(outcome.stderrTail);
  if (tooLarge) throw new LargePictureError(request.sourcePath, tooLarge, mostPixels);
  if (outcome.exitCode !== 0) throw failureOf(request, targetPath, outcome, options.timeoutMs);
  const file = await unlessMissing(readDurably(targetPath));
  const parsed = file && parseOrNull(file);
  if (!file || !parsed) return null;
  const { width, height } = parsed;
  if (width !== request.size.width || height !== request.size.height) {
    throw hintFailed(request, `the frames came out as ${width}x${height}`);
  }
  const sha256 = createHash('sha256').update(file).digest('hex');
  return { path: targetPath, sha256, sizeBytes: file.length, width, height, frames: parsed.frames.length };
}

function failureOf(
  request: HintRequest,
  targetPath: string,
  { exitCode, isTimedOut, stderrTail }: ProcessOutcome,
  timeoutMs: number,
): unknown {
  if (isTimedOut) return hintFailed(request, `ffmpeg was not done after ${timeoutMs / 1000} s`);
  if (exitCode === null) return hintFailed(request, 'ffmpeg was killed, perhaps for lack of memory');
  const [, folderReason] = stderrTail.split(`${targetPath}: `);
  if (folderReason !== undefined) return hintFolderUnusable(targetPath, folderReason);
  const isUnreadable =
    /matches no streams|invalid data|not on whitelist|moov atom|nothing was (en|de)coded/i.test(stderrTail);
  const reason = reasonInStderr(stderrTail);
  return isUnreadable ? unreadableVideo(request.sourcePath, reason) : hintFailed(request, reason);
}

/** The file's bytes once they are on the disk. */
async function readDurably(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r+');
  await handle.sync();
  return await handle.readFile();
}

function parseOrNull(file: Buffer): JpegFrames | null {
  try {
    return parseHint(file);
  } catch (error) {
    if (error instanceof Mp4FormatError) return null;
    throw error;
  }
}

/**
 * The ffmpeg arguments for one hint. The same arguments give the same bytes on the same machine: one thread,
 * bit-exact code paths, no metadata.
 */
export async function hintVideoArguments(
  request: HintRequest,
  targetPath: string,
  sampling: Sampling,
  mostPixels: number,
): Promise<readonly string[]> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  return ffmpeg()
    .input(asFileUrl(request.sourcePath))
    .inputOptions(['-nostdin', '-y', '-v', 'error', '-threads', '1', ...guardedInputOptions])
    .inputOptions([...pixelLimit(mostPixels)])
    .videoFilters(hintFilters(request, sampling))
    .videoCodec('mjpeg')
    .frames(request.frames)
    .outputOptions([
      '-map',
      `0:V:${request.video.place ?? 0}`,
      '-an',
      '-sn',
      '-dn',
      '-map_metadata',
      '-1',
      '-map_chapters',
      '-1',
    ])
    .outputOptions(['-r', decimal(request.fps), '-q:v', '2', '-threads', '1'])
    .outputOptions(['-fflags', '+bitexact', '-flags:v', '+bitexact', '-f', 'mp4'])
    .output(asFileUrl(targetPath))
    ._getArguments();
}
