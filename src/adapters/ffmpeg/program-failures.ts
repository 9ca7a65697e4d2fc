import { printable } from '../../core/printable.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { ChildEnd } from './ffmpeg-child.ts';
import { missingProgram } from './programs.ts';

/** Why a program that only passes frames on ended: the program, what it was doing in words, and its end. */
export function framesFailed(program: string, doing: string, end: ChildEnd): AppError {
  if (end.startError) return startFailed(program, end.startError);
  const { exitCode } = end;
  return new AppError({
    code: 'frames-failed',
    message: `${doing} failed: ${exitCode === null ? 'ffmpeg was killed' : `ffmpeg ended with ${exitCode}`}${lastLine(end.lastWords)}.`,
    nextStep:
      exitCode === null
        ? 'The machine may be short of memory; try fewer workers, then go on with --resume latest.'
        : 'Check ffmpeg and the free memory of the machine, then go on with --resume latest.',
    isRetryable: true,
  });
}

/** A program that could not be started at all. */
export function startFailed(program: string, error: unknown): AppError {
  if (isErrno(error, 'ENOENT', 'EACCES')) return missingProgram(program, error);
  return new AppError({
    code: 'frames-failed',
    message: `${program} could not be started: ${messageOf(error)}.`,
    nextStep: 'The machine may have too many processes or open files; try again with fewer workers.',
    isRetryable: true,
    cause: error,
  });
}

/** A video that cannot be read, or not to its end. */
export function cannotRead(path: string, reason: string, nextStep?: string): AppError {
  return new AppError({
    code: 'video-unreadable',
    message: `Cannot read the video ${printable(path)}: ${reason}.`,
    nextStep:
      nextStep ?? 'Check whether a player shows the whole video; if it does not, get an undamaged file.',
  });
}

function lastLine(words: string): string {
  const last = words.trim().split('\n').at(-1) ?? '';
  return last ? ` and said "${printable(last.slice(0, 200))}"` : '';
}
