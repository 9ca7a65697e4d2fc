import type { FailureFacts } from '../run/failure.ts';
import type { RunEnding } from '../run/run-ending.ts';
import type { SessionError, StandingStatus } from '../run/run-status.ts';
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

/** How a run that upscales several videos ended: what `--json` prints, and what the text says. JSON, so snake_case. */
export interface VideoSetSummary {
  readonly version: typeof videoSetSummaryVersion;
  readonly kind: 'upscale-set';
  readonly run_id: string;
  readonly status: StandingStatus;
  /** Folders and files as they were given. */
  readonly inputs: readonly string[];
  /** The folder of the outputs. */
  readonly output: string;
  readonly counts: VideoSetCounts;
  readonly engine: string;
  /** File name of the model; empty for an engine without one. */
  readonly model: string;
  readonly scale: number;
  /** What was asked for in place of `scale`, as it was written; empty where nothing was. */
  readonly size: string;
  readonly host: string;
  readonly workers: number;
  readonly checkpoint: string;
  readonly report: { readonly json: string; readonly html: string };
  /** When the run began, ISO 8601. */
  readonly started_at: string;
  readonly duration_ms: number;
  /** Frames of finished segments per second of the run; null where there were none in this session. */
  readonly frames_per_second: number | null;
  readonly videos: readonly VideoSetRow[];
  /** Files of the folders that are no videos, by their names. */
  readonly ignored: readonly string[];
  readonly notices: readonly string[];
  readonly failures: readonly (FailureFacts & { readonly input: string })[];
  readonly is_resumable: boolean;
  readonly error: SessionError | null;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}

/** `report.json` of a run that upscales several videos. */
export type VideoSetReport = VideoSetSummary & { readonly tool_version: string };
