import type { FailureFacts } from '../run/failure.ts';
import type { VideoWorkSummary } from '../video/video-summary.ts';
import type { VideoSetCounts } from './set-event.ts';

export const videoSetSummaryVersion = 1;

/** How one video of a set stands; `open`: not done yet. JSON, so snake_case. */
export interface VideoSetRow {
  readonly input: string;
  readonly output: string;
  readonly status: 'finished' | 'skipped' | 'failed' | 'open';
  /** Null before it was read through. */
  readonly frames: number | null;
  readonly unique_frames: number | null;
  /** Of the larger frames; null before. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Of the finished video; null before. */
  readonly size_bytes: number | null;
  readonly duration_seconds: number | null;
  readonly notices: readonly string[];
  /** Why it failed; null where it did not. */
  readonly failure: { readonly code: string; readonly message: string; readonly next_step: string } | null;
  /** The page of this video alone; null before it is finished. */
  readonly report: string | null;
}

/** How a run that upscales several videos ended: what `--json` prints, and what the text says. */
export interface VideoSetSummary extends VideoWorkSummary {
  readonly version: typeof videoSetSummaryVersion;
  readonly kind: 'upscale-set';
  /** Folders and files as they were given. */
  readonly inputs: readonly string[];
  /** The folder of the outputs. */
  readonly output: string;
  readonly counts: VideoSetCounts;
  /** Null where a size was asked for: each video has its own. */
  readonly scale: number | null;
  /** What was asked for in place of `scale`, as it was written; empty where nothing was. */
  readonly size: string;
  readonly videos: readonly VideoSetRow[];
  /** Files of the folders that are no videos, by their names. */
  readonly ignored: readonly string[];
  readonly failures: readonly (FailureFacts & { readonly input: string })[];
}

/** `report.json` of a run that upscales several videos. */
export type VideoSetReport = VideoSetSummary & { readonly tool_version: string };
