import type { RunStatus } from '../run/run-status.ts';
import type { UpscaleCounts } from './upscale-event.ts';

/** Version of the `--json` summary of `upscale`. */
export const upscaleSummaryVersion = 1;

/** How an upscale run ended: what `--json` prints, and what the text says. JSON, so snake_case. */
export interface UpscaleSummary {
  readonly version: typeof upscaleSummaryVersion;
  readonly kind: 'upscale';
  readonly run_id: string;
  readonly status: RunStatus;
  readonly input: string;
  readonly output: string;
  readonly counts: UpscaleCounts;
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
  readonly duration_ms: number;
  /** Frames shown by segments of this session per second of it; null when there were none. */
  readonly frames_per_second: number | null;
  /** What was verified of the finished video; null before. */
  readonly video: {
    readonly size_bytes: number;
    readonly frames: number;
    readonly duration_seconds: number;
    readonly max_time_error_ms: number;
    readonly copied_streams: number;
    readonly converted_streams: number;
  } | null;
  readonly notices: readonly string[];
  readonly failures: readonly {
    readonly segment_id: number;
    readonly code: string;
    readonly message: string;
    readonly next_step: string;
  }[];
  readonly is_resumable: boolean;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly next_step: string | null;
  } | null;
}
