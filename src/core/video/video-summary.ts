import type { FailureFacts } from '../run/failure.ts';
import type { RunEnding } from '../run/run-ending.ts';
import type { SessionError, StandingStatus } from '../run/run-status.ts';
import type { VideoCounts } from './video-event.ts';
import type { VideoReport } from './video-report.ts';

export const videoSummaryVersion = 1;

/** How an upscale run ended: what `--json` prints, and what the text says. JSON, so snake_case. */
export interface VideoSummary {
  readonly version: typeof videoSummaryVersion;
  readonly kind: 'upscale' | 'retouch';
  readonly run_id: string;
  readonly status: StandingStatus;
  readonly input: string;
  readonly output: string;
  readonly counts: VideoCounts;
  /** Size of the finished video's frames as stored. */
  readonly size: { readonly width: number; readonly height: number };
  readonly engine: string;
  /** File name of the model; empty for an engine without one. */
  readonly model: string;
  readonly scale: number;
  readonly host: string;
  readonly workers: number;
  readonly checkpoint: string;
  readonly report: { readonly json: string; readonly html: string };
  /** When the run began, ISO 8601. */
  readonly started_at: string;
  readonly duration_ms: number;
  /** Frames shown by segments of this session per second of it; null when there were none. */
  readonly frames_per_second: number | null;
  /** What was verified of the finished video; null before. */
  readonly video: VideoReport['video'];
  readonly notices: readonly string[];
  readonly failures: readonly (FailureFacts & { readonly segment_id: number })[];
  readonly is_resumable: boolean;
  readonly error: SessionError | null;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}
