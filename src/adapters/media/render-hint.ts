import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { diskFullIn } from '../../errors/disk-full.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { HintFile, HintRequest } from '../../ports/media-tool.ts';
import { runFfmpegProgram } from '../ffmpeg/programs.ts';
import { ffmpegReason, unreadableVideo } from '../ffmpeg/unreadable-video.ts';
import { Mp4FormatError } from '../mp4/boxes.ts';
import type { ProcessOutcome } from '../run-process.ts';
import { hintArguments, type Sampling } from './hint-command.ts';
import { hintFailed, hintFolderUnusable } from './hint-errors.ts';
import { type JpegFrames, parseHint } from './jpeg-frames.ts';

/** What rendering needs beside the request. */
interface RenderOptions {
  readonly program: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** More on stdout means that something is wrong: the hint goes to a file. */
const maxStdoutBytes = 65_536;

/**
 * Writes the hint of `request` to `targetPath`, durably, and says what was written. One ffmpeg process; a second
 * one only when the clip's times gave fewer frames than it has.
 *
 * @throws AppError `video-unreadable` when the source gives no frame, `hint-failed`, `disk-full`.
 */
export async function renderHint(
  request: HintRequest,
  targetPath: string,
  options: RenderOptions,
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
  options: RenderOptions,
  sampling: Sampling,
): Promise<HintFile | null> {
  const outcome = await runFfmpegProgram(
    options.program,
    await hintArguments(request, targetPath, sampling),
    {
      timeoutMs: options.timeoutMs,
      maxStdoutBytes,
      signal: options.signal,
    },
  );
  // On a full disk ffmpeg complains, and may yet end well.
  if (outcome.exitCode !== 0 || diskFullIn(outcome.stderr, targetPath))
    throw failureOf(request, targetPath, outcome, options.timeoutMs);
  const file = await readDurably(targetPath);
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
  outcome: ProcessOutcome,
  timeoutMs: number,
): unknown {
  const { stderr } = outcome;
  if (outcome.isTimedOut) return hintFailed(request, `ffmpeg was not done after ${timeoutMs / 1000} s`);
  if (outcome.exitCode === null) return hintFailed(request, 'ffmpeg was killed, perhaps for lack of memory');
  const diskFull = diskFullIn(stderr, targetPath);
  if (diskFull) return diskFull;
  if (stderr.includes(`${targetPath}: `))
    return hintFolderUnusable(targetPath, stderr.split(`${targetPath}: `)[1] ?? '');
  if (/matches no streams|invalid data|not on whitelist|moov atom|nothing was (en|de)coded/i.test(stderr)) {
    return unreadableVideo(request.sourcePath, ffmpegReason(stderr));
  }
  return hintFailed(request, ffmpegReason(stderr));
}

/** The file's bytes once they are on the disk; null when there is no file. */
async function readDurably(path: string): Promise<Buffer | null> {
  try {
    await using handle = await open(path, 'r+');
    await handle.sync();
    return await handle.readFile();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function parseOrNull(file: Buffer): JpegFrames | null {
  try {
    return parseHint(file);
  } catch (error) {
    if (error instanceof Mp4FormatError) return null;
    throw error;
  }
}
