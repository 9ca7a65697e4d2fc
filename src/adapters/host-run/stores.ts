import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';

/** The inputs on a host, each under its content's hash. */
export interface ObjectStore {
  /** Those of the given contents that are not there, whole and intact. */
  missing(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** Sends files to the host; what is there already, or on its way, is not sent again. */
  deliver(objects: readonly HostObject[]): Promise<void>;
}

export type DownloadOutput = HostRun['downloadOutput'];

/** The video that a task made is not what its result says. */
export function outputLost(taskKey: string, reason: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The video of task ${taskKey} is ${reason} on the host.`,
    nextStep: 'Resume the run: it is made again.',
    isRetryable: true,
  });
}
