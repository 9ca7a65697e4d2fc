import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';

/** The inputs on a host, each under its content's hash. */
export interface ObjectStore {
  /** Those of the given contents that are not there, whole and intact. */
  missing(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** Sends files to the host; what is there already, or on its way, is not sent again. */
  deliver(objects: readonly HostObject[]): Promise<void>;
}

export type DownloadSegment = HostRun['downloadSegment'];

/** The file of a segment is not what its result says. */
export function segmentLost(taskKey: string, reason: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The file of segment ${taskKey} is ${reason} on the host.`,
    nextStep: 'Resume the run: the segment is made again.',
    isRetryable: true,
  });
}
