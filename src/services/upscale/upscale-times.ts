import type { StoredUpscale } from './upscale-types.ts';

/** Where the time of a run went, over all its sessions, without the time between them. */
interface UpscaleTimes {
  readonly segmentsMs: number;
  /** From the last segment on. */
  readonly finishMs: number;
  /** When the video was finished, ISO 8601; null before. */
  readonly finishedAt: string | null;
}

/** Adds up the times between events. */
export function timesOf(events: StoredUpscale['events'], segments: number): UpscaleTimes {
  const finished = new Set<number>();
  let [segmentsMs, finishMs] = [0, 0];
  let finishedAt: string | null = null;
  let lastMs: number | null = null;
  for (const event of events) {
    const atMs = Date.parse(event.time);
    // A machine's clock may be set back.
    const stepMs = lastMs === null || event.type === 'run-started' ? 0 : Math.max(0, atMs - lastMs);
    if (finished.size === segments) finishMs += stepMs;
    else segmentsMs += stepMs;
    if (event.type === 'segment-finished') finished.add(event.segment_id);
    if (event.type === 'segment-lost') finished.delete(event.segment_id);
    if (event.type === 'video-finished') finishedAt = event.time;
    lastMs = atMs;
  }
  return { segmentsMs, finishMs, finishedAt };
}
