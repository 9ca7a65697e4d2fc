import { type ErrorCode, type ExitCode, exitCodeOf } from './error-codes.ts';

interface AppErrorFacts {
  readonly code: ErrorCode;
  /** What happened, for a person: one sentence that names the file, host or value. */
  readonly message: string;
  readonly nextStep?: string;
  readonly isRetryable?: boolean;
  readonly cause?: unknown;
}

/** A failure that cosmos foresaw: it has a stable code, a message and a next step, and never a stack trace. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly nextStep: string | null;
  readonly isRetryable: boolean;

  constructor(facts: AppErrorFacts) {
    super(facts.message, { cause: facts.cause });
    this.name = 'AppError';
    this.code = facts.code;
    this.nextStep = facts.nextStep ?? null;
    this.isRetryable = facts.isRetryable ?? false;
  }

  get exitCode(): ExitCode {
    return exitCodeOf[this.code];
  }
}

/** Wrong usage: what was wrong, and what to say instead. */
export function usageError(message: string, nextStep: string): AppError {
  return new AppError({ code: 'usage-invalid', message, nextStep });
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
