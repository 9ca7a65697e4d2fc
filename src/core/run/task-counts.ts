import type { UpsampleCounts } from '../upsample/upsample-event.ts';
import type { UpscaleCounts } from '../upscale/upscale-event.ts';

/** Counts of any kind of run, by its own unit: specs, or segments of a video. */
export interface TaskCounts {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export function taskCountsOf(counts: UpsampleCounts | UpscaleCounts): TaskCounts {
  if ('segments' in counts) {
    const { finished_segments: done, failed_segments: failed, segments: total } = counts;
    return { done, failed, total };
  }
  const { upsampled, reused, skipped, failed, total } = counts;
  return { done: upsampled + reused + skipped, failed, total };
}
