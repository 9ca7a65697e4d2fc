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
