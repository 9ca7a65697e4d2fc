import { dirname } from 'node:path';
import { printable } from '../../core/printable.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { asDiskError, isSystemError } from '../../errors/system-error.ts';
import type { HintRequest } from '../../ports/media-tool.ts';

/** ffmpeg could not turn a source into the hint asked for. */
export function hintFailed(request: HintRequest, reason: string): AppError {
  const { width, height } = request.size;
  return new AppError({
    code: 'hint-failed',
    message: `Cannot make a ${width}x${height} hint of ${printable(request.sourcePath)}: ${reason}.`,
    nextStep: 'Check that a player shows the video to its end, or convert it to H.264 in MP4.',
  });
}

/** A system error met while writing the hint at `path`, as an error with a next step. Others pass unchanged. */
export function asHintWriteError(error: unknown, path: string): unknown {
  const known = asDiskError(error, path);
  if (known instanceof AppError || !isSystemError(error)) return known;
  return hintFolderUnusable(path, messageOf(error), error);
}

export function hintFolderUnusable(path: string, reason: string, cause?: unknown): AppError {
  return new AppError({
    code: 'hint-failed',
    message: `Cannot write hints to ${printable(dirname(path))}: ${printable(reason)}.`,
    nextStep: 'Make the cache folder writable, or set XDG_CACHE_HOME to one that is.',
    cause,
  });
}
