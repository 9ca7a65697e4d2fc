import { AppError, messageOf } from '../../errors/app-error.ts';
import { EngineError } from '../engines/engine.ts';

/** What something thrown during a task means for the task. Trouble with the hint's file comes as an `AppError`. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = messageOf(error);
  if (error instanceof AppError) {
    if (error.code === 'prerequisite-missing') {
      const fix = error.nextStep === null ? message : `${message} ${error.nextStep}`;
      return new EngineError({ code: 'engine-failed', class: 'fatal', message: fix, cause: error });
    }
    if (error.code === 'video-unreadable' || error.code === 'hint-failed') {
      const errorClass = error.isRetryable ? 'transient' : 'permanent';
      return new EngineError({ code: 'hint-unreadable', class: errorClass, message, cause: error });
    }
  }
  return new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
}
