import { AppError, messageOf } from '../../errors/app-error.ts';
import { EngineError } from '../engines/engine.ts';

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
