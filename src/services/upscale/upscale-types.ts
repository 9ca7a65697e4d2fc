import type { Settings } from '../../core/settings/settings-schema.ts';
import type { PlannedSegment, UpscaleCheckpoint } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import type { UpscaleState } from '../../core/upscale/upscale-state.ts';
import type { UpscaleSummary } from '../../core/upscale/upscale-summary.ts';
import type { HostObject } from '../../ports/host.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { VideoPart } from '../../ports/video-tool.ts';
import type { ActiveRun, RunTask, RunTypes, StoredRunOf } from '../runs/run-kind.ts';

/** A part of the source that lies in the run folder. */
export interface SourcePart extends VideoPart {
  readonly object: HostObject;
}

/** A segment to upscale; it is a batch of its own, numbered like the segment. */
export interface UpscaleTask extends RunTask {
  readonly segment: PlannedSegment;
  /** What it needs of the source; null: all of it. */
  readonly part: SourcePart | null;
}

export interface UpscaleTypes extends RunTypes {
  readonly checkpoint: UpscaleCheckpoint;
  readonly event: UpscaleEventBody;
  readonly state: UpscaleState;
  readonly task: UpscaleTask;
  readonly summary: UpscaleSummary;
  readonly observer: UpscaleObserver;
}

export type UpscaleRun = ActiveRun<UpscaleTypes>;
export type StoredUpscale = StoredRunOf<UpscaleTypes>;
export type UpscaleSession = RunSession<UpscaleCheckpoint, UpscaleEventBody>;

/** Where a finished segment lies in the run folder until it is in the video. */
export function segmentName(segmentId: number): string {
  return `segments/segment_${String(segmentId).padStart(6, '0')}.mp4`;
}

/** What `upscale` is asked to do. Paths are absolute. */
export interface UpscaleRequest {
  readonly inputPath: string;
  readonly outputPath: string;
  /** Null for an engine without a model. */
  readonly modelPath: string | null;
  readonly host: string;
  readonly slots: number;
  readonly upscaling: Settings['upscaling'];
  /** Replace what stands at the output. */
  readonly isForced: boolean;
  /** A damaged source gives what can be read of it. */
  readonly isKeptGoing: boolean;
  /** Paths of the settings that the command line names. */
  readonly named?: readonly string[];
}
