import { AppError, messageOf } from '../../errors/app-error.ts';
import { asDiskError, isErrno } from '../files/publish-file.ts';
import type { ChildEnd } from './ffmpeg-child.ts';
import { missingProgram } from './programs.ts';
import { printable } from './unreadable-video.ts';

const diskFullPattern = /no space left|disk quota exceeded/i;

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

/** The error of a full disk if that is what ffmpeg complains about, as it may do and yet end well; else null. */
export function diskFullIn(words: string, path: string): unknown {
  if (!diskFullPattern.test(words)) return null;
  return asDiskError(Object.assign(new Error(words.trim()), { code: 'ENOSPC' }), path);
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
