import { AppError } from '../../errors/app-error.ts';
import type { SegmentFacts } from '../../protocol/segment.ts';

/** The files of a run's finished segments on its host. */
export interface SegmentStore {
  /** As `HostRun.bringSegment`. */
  download(
    taskKey: string,
    expected: Pick<SegmentFacts, 'sha256' | 'size_bytes'>,
    path: string,
  ): Promise<void>;
}

/** The file of a segment is not what its result says. */
export function segmentLost(taskKey: string, reason: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The file of segment ${taskKey} is ${reason} on the host.`,
    nextStep: 'Resume the run: the segment is made again.',
    isRetryable: true,
  });
}
