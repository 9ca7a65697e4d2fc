import { type ErrorCode, type ExitCode, exitCodeOf } from './error-codes.ts';

/** An image of workers that a host lacks, and which the program can make there. */
export interface MissingImage {
  readonly host: string;
  readonly role: 'upsampler' | 'upscaler' | 'inference';
}

interface AppErrorFacts {
  readonly code: ErrorCode;
  /** What happened, for a person: one sentence that names the file, host or value. */
  readonly message: string;
  readonly nextStep?: string;
  readonly isRetryable?: boolean;
  readonly cause?: unknown;
  readonly missingImage?: MissingImage;
}

/** Longest texts, in characters: parts of them come from outside, and their writers bound those to much less. */
const longestMessage = 4_000;
const longestNextStep = 12_000;

/** A failure that cosmos foresaw: it has a stable code, a message and a next step, and never a stack trace. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly nextStep: string | null;
  readonly isRetryable: boolean;
  /** What would remove the cause of `image-missing`; null for every other error. */
  readonly missingImage: MissingImage | null;

  constructor(facts: AppErrorFacts) {
    super(cut(facts.message, longestMessage), { cause: facts.cause });
    this.name = 'AppError';
    this.code = facts.code;
    this.nextStep = facts.nextStep === undefined ? null : cut(facts.nextStep, longestNextStep);
    this.isRetryable = facts.isRetryable ?? false;
    this.missingImage = facts.missingImage ?? null;
  }

  get exitCode(): ExitCode {
    return exitCodeOf[this.code];
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

/** Wrong usage: what was wrong, and what to say instead. */
export function usageError(message: string, nextStep: string): AppError {
  return new AppError({ code: 'usage-invalid', message, nextStep });
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
