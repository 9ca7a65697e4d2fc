import { printable } from '../../core/printable.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { ChildEnd } from '../piped-child.ts';
import { missingProgram } from './programs.ts';

/** What ffmpeg says, and what that means to a person. The first match counts. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/not on whitelist/i, 'it is a playlist, picture or other kind of file, not a video'],
  [/moov atom not found/i, 'it is not a video, or was cut off: the index of its frames is missing'],
  [/permission denied/i, 'this user is not allowed to read it'],
  [/no such file/i, 'it does not exist'],
  [/is a directory/i, 'it is a folder'],
  [
    /decoder .*not found|could not find codec|unknown codec|unsupported codec/i,
    'this ffmpeg cannot decode its codec',
  ],
  [/invalid data|could not find|error opening|end of file|truncat/i, 'it is damaged or not a video'],
];

/** A video that cannot be read, or not to its end. */
export function unreadableVideo(
  path: string,
  reason: string,
  { nextStep, cause }: { readonly nextStep?: string; readonly cause?: unknown } = {},
): AppError {
  return new AppError({
    code: 'video-unreadable',
    message: `Cannot read the video ${printable(path)}: ${reason}.`,
    nextStep:
      nextStep ??
      'Check the path and whether a player shows the whole video, then run again: finished work is reused.',
    cause,
  });
}

/** The reason in plain words for what ffmpeg or ffprobe wrote to stderr. */
export function reasonInStderr(stderr: string): string {
  const known = reasons.find(([pattern]) => pattern.test(stderr));
  if (known) return known[1];
  const last = lastLine(stderr);
  return last ? `ffmpeg says "${last}"` : 'it holds no frame that can be decoded';
}

/** A program that could not be started at all: `prerequisite-missing`, or an error of `code` that is worth a retry. */
export function startFailed(
  program: string,
  error: unknown,
  code: 'frames-failed' | 'hint-failed' = 'frames-failed',
): AppError {
  if (isErrno(error, 'ENOENT', 'EACCES')) return missingProgram(program, error);
  return new AppError({
    code,
    message: `${program} could not be started: ${messageOf(error)}.`,
    nextStep: 'The machine may have too many processes or open files; try again with fewer at once.',
    isRetryable: true,
    cause: error,
  });
}

/**
 * Why a program that only passes frames on ended.
 *
 * @param doing - What it was doing, at the beginning of a sentence: `Encoding`.
 */
export function framesFailed(
  program: string,
  doing: string,
  end: Omit<ChildEnd, 'startError'> & { readonly startError?: Error | null },
): AppError {
  if (end.startError) return startFailed(program, end.startError);
  const { exitCode } = end;
  const how = exitCode === null ? 'ffmpeg was killed' : `ffmpeg ended with ${exitCode}`;
  const last = lastLine(end.stderrTail);
  return new AppError({
    code: 'frames-failed',
    message: `${doing} failed: ${how}${last ? ` and said "${last}"` : ''}.`,
    nextStep:
      exitCode === null
        ? 'The machine may be short of memory: resume the run with fewer workers.'
        : 'Check ffmpeg and the free memory of the machine, then resume the run.',
    isRetryable: true,
  });
}

/** What it said last, to be quoted. */
export function lastLine(stderr: string): string {
  const last = stderr.trim().split(/\r?\n/).at(-1) ?? '';
  return printable(withoutLogPrefix(last).slice(0, 200));
}

/** A message of ffmpeg without `[h264 @ 0x55d0c0] `, which differs each time, and without its level. */
export function withoutLogPrefix(line: string): string {
  return line.replace(/^(?:\[[^\]]* @ 0x[0-9a-f]+\] )*(?:\[(?:warning|error|fatal|panic)\] )?/, '').trim();
}
