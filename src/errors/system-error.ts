import { AppError } from './app-error.ts';

/** An error of the operating system, as Node throws it. */
interface SystemError extends Error {
  /** Such as `EACCES`. */
  readonly code: string;
  /** The call that failed, such as `open`. */
  readonly syscall: string;
}

/** Whether something thrown is the operating system's refusal, and neither a bug nor an `AppError`. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** Whether something thrown is the operating system's error of one of these codes, such as `ENOENT`. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/** Whether something thrown says that a disk, or a user's share of it, has no room left. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof AppError ? error.code === 'disk-full' : isErrno(error, 'ENOSPC', 'EDQUOT');
}

/** Turns "no space left" into an error with a next step; anything else passes unchanged. */
export function asDiskError(error: unknown, path: string): unknown {
  return isErrno(error, 'ENOSPC', 'EDQUOT') ? fullDisk(path, error) : error;
}

/** The error of a full disk if that is what a program complains about, as it may do and yet end well; else null. */
export function diskFullIn(stderr: string, path: string): AppError | null {
  return /no space left|disk quota exceeded/i.test(stderr) ? fullDisk(path, new Error(stderr.trim())) : null;
}

/** No room is left on the disk of `path`. */
export function fullDisk(path: string, cause: unknown): AppError {
  return new AppError({
    code: 'disk-full',
    message: `No space left on the disk while writing ${path}.`,
    nextStep: 'Free some space: nothing finished is lost.',
    isRetryable: true,
    cause,
  });
}

/**
 * Whether something thrown has nothing to do with the work: a disk, a store or a host takes nothing at the moment, and will
 * once that is fixed.
 */
export function isPassing(error: unknown): error is Error {
  if (!(error instanceof AppError)) return isSystemError(error);
  return ['disk-full', 'disk-read-only', 'host-unreachable'].includes(error.code);
}
