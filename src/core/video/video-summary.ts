import type { FailureFacts } from '../run/failure.ts';
import type { RunEnding } from '../run/run-ending.ts';
import type { SessionError, StandingStatus } from '../run/run-status.ts';
import type { VideoCounts } from './video-event.ts';
import type { VideoReport } from './video-report.ts';

export const videoSummaryVersion = 1;

/** What every run that makes a video of a video says of its work, one video or several. JSON, so snake_case. */
export interface VideoWorkSummary {
  readonly run_id: string;
  readonly status: StandingStatus;
  readonly engine: string;
  /** File name of the model; empty for an engine without one. */
  readonly model: string;
  readonly host: string;
  readonly workers: number;
  readonly checkpoint: string;
  readonly report: { readonly json: string; readonly html: string };
  /** When the run began, ISO 8601. */
  readonly started_at: string;
  readonly duration_ms: number;
  /** Frames of finished segments per second of the run; null where there were none in this session. */
  readonly frames_per_second: number | null;
  /** How many times as fast as the video plays that is; null where it cannot be said. */
  readonly realtime_factor: number | null;
  readonly notices: readonly string[];
  readonly is_resumable: boolean;
  readonly error: SessionError | null;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}

/** How an upscale run ended: what `--json` prints, and what the text says. */
export interface VideoSummary extends VideoWorkSummary {
  readonly version: typeof videoSummaryVersion;
  readonly kind: 'upscale' | 'retouch';
  readonly input: string;
  readonly output: string;
  readonly counts: VideoCounts;
  /** Size of the finished video's frames as stored. */
  readonly size: { readonly width: number; readonly height: number };
  readonly scale: number;
  /** What was verified of the finished video; null before. */
  readonly video: VideoReport['video'];
  readonly failures: readonly (FailureFacts & { readonly segment_id: number })[];
}
