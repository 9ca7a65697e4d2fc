import { AppError, messageOf } from '../../errors/app-error.ts';
import type { TaskErrorCode } from '../../protocol/task-result.ts';

/**
 * What a failure means for what comes next.
 * - `permanent`: this request can never succeed; asking again unchanged is pointless.
 * - `transient`: the same request may succeed; counts as an attempt.
 * - `outage`: the engine is unreachable or asks to wait; ask again later, without counting an attempt.
 * - `fatal`: no request can succeed (a wrong key, an unknown model); the worker stops taking tasks.
 */
type EngineErrorClass = 'permanent' | 'transient' | 'outage' | 'fatal';

export interface EngineErrorOptions {
  readonly code: TaskErrorCode;
  readonly class: EngineErrorClass;
  readonly message: string;
  /** How long the engine asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A failure of one request, with its class. */
export class EngineError extends Error {
  readonly code: TaskErrorCode;
  readonly class: EngineErrorClass;
  readonly retryAfterMs: number | null;

  constructor(options: EngineErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = 'EngineError';
    this.code = options.code;
    this.class = options.class;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/**
 * What something thrown during a task means for the task.
 *
 * @param unreadableCode - The code for a file of the task that cannot be read.
 */
export function asEngineError(error: unknown, unreadableCode: TaskErrorCode = 'engine-failed'): EngineError {
  if (error instanceof EngineError) return error;
  const message = messageOf(error);
  if (!(error instanceof AppError))
    return new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
  if (error.code === 'video-unreadable' || error.code === 'hint-failed') {
    const errorClass = error.isRetryable ? 'transient' : 'permanent';
    return new EngineError({ code: unreadableCode, class: errorClass, message, cause: error });
  }
  const isFatal = error.code === 'prerequisite-missing' || error.code === 'model-unreadable';
  return new EngineError({
    code: 'engine-failed',
    class: isFatal ? 'fatal' : 'transient',
    message: isFatal && error.nextStep !== null ? `${message} ${error.nextStep}` : message,
    cause: error,
  });
}
