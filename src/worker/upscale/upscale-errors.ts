import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { EngineError } from '../engines/engine.ts';

/** Whether there was no room for what was to be written. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'disk-full';
  return isSystemError(error) && ['ENOSPC', 'EDQUOT'].includes(error.code);
}

/** What something thrown while a segment was upscaled means for the segment. */
export function asUpscaleError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = messageOf(error);
  if (!(error instanceof AppError)) {
    return new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
  }
  if (error.code === 'video-unreadable') {
    const errorClass = error.isRetryable ? 'transient' : 'permanent';
    return new EngineError({ code: 'video-unreadable', class: errorClass, message, cause: error });
  }
  const isHopeless = error.code === 'prerequisite-missing' || error.code === 'model-unreadable';
  const withFix = isHopeless && error.nextStep !== null ? `${message} ${error.nextStep}` : message;
  return new EngineError({
    code: 'engine-failed',
    class: isHopeless ? 'fatal' : 'transient',
    message: withFix,
    cause: error,
  });
}
