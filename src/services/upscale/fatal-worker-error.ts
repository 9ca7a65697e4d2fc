import { localHostName } from '../../core/settings/host-named.ts';
import { AppError } from '../../errors/app-error.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';

/** What ends a run whose worker has failed for good. */
export function fatalWorkerError({ message, code }: WorkerStatus, host: string): AppError {
  const text = message ?? 'The engine cannot be used.';
  const nextStep = 'Nothing finished is lost.';
  if (code === 'model-unreadable') return new AppError({ code, message: text, nextStep });
  if (code !== 'runtime-missing') return new AppError({ code: 'worker-failed', message: text, nextStep });
  // On a host the runtime comes with the image, and nothing can be installed by hand.
  const fromImage = `It has to be in upscaler_image; the usual one has it: cosmos host prepare ${host} --upscaler.`;
  return new AppError({
    code: 'prerequisite-missing',
    message: text,
    nextStep: host === localHostName ? nextStep : fromImage,
  });
}
