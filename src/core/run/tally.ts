import type { UpscaleCounts } from '../upscale/upscale-event.ts';
import type { RunCounts } from './run-event.ts';

/** Counts of any kind of run, by its own unit: specs, or segments of a video. */
export interface Tally {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export function tallyOf(counts: RunCounts | UpscaleCounts): Tally {
  if ('segments' in counts) {
    const { finished_segments: done, failed_segments: failed, segments: total } = counts;
    return { done, failed, total };
  }
  const { upsampled, reused, skipped, failed, total } = counts;
  return { done: upsampled + reused + skipped, failed, total };
}
