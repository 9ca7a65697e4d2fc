import type { UpscaleCheckpoint } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import type { UpscaleState } from '../../core/upscale/upscale-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';

/** An upscale run held by this process. */
export type UpscaleSession = RunSession<UpscaleCheckpoint, UpscaleEventBody>;

/** What an upscale run is carried out with. */
export interface UpscaleExecution {
  readonly session: UpscaleSession;
  readonly state: UpscaleState;
  readonly ports: Ports;
  readonly observer: UpscaleObserver;
  /** Aborts to stop the run: its state is saved, and it can be resumed. */
  readonly signal: AbortSignal;
  /** Return as soon as everything is handed over; the host goes on by itself. */
  readonly isDetached: boolean;
}

/** Where a finished segment lies in the run folder until it is in the video. */
export function segmentName(segmentId: number): string {
  return `segments/segment_${String(segmentId).padStart(6, '0')}.mp4`;
}
