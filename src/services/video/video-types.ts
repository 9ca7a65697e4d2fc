import type { EncodingChoice } from '../../core/encoding/choose-encoding.ts';
import type { EncodingConfig } from '../../core/encoding/encoding-settings.ts';
import type { DuplicateMode } from '../../core/frames/duplicates/duplicate-finder.ts';
import type { FrameFilters } from '../../core/frames/frame-filters.ts';
import type { PictureSeries } from '../../core/frames/picture-series.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { Region } from '../../core/regions/place-region.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type {
  PinnedFile,
  PlannedClip,
  PlannedSegment,
  UpscaleCheckpoint,
  VideoCheckpoint,
  VideoSettings,
} from '../../core/video/video-checkpoint.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import type { MaskFile } from '../../core/video/video-plan.ts';
import type { VideoRunState } from '../../core/video/video-run-state.ts';
import type { VideoSummary } from '../../core/video/video-summary.ts';
import type { HostObject } from '../../ports/host.ts';
import type { ModelUse } from '../../ports/model-files.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { VideoPart } from '../../ports/video-tool.ts';
import type { ActiveRun, RunTask, RunTypes, StoredRunOf } from '../runs/run-kind.ts';

/** A part of the source that lies in the run folder. */
export interface SourcePart extends VideoPart {
  readonly object: HostObject;
}

/** A segment to upscale; it is a batch of its own, numbered like the segment. */
export interface SegmentRunTask extends RunTask {
  readonly segment: PlannedSegment;
  /** What it needs of the source; null: all of it. */
  readonly part: SourcePart | null;
}

/** The types of runs that make a video of a video; by its checkpoint, of one kind of them. */
export interface VideoTypes<Checkpoint extends VideoCheckpoint = VideoCheckpoint> extends RunTypes {
  readonly checkpoint: Checkpoint;
  readonly event: VideoEventBody;
  readonly state: VideoRunState;
  readonly task: SegmentRunTask;
  readonly summary: VideoSummary;
  readonly observer: VideoObserver;
}

export type UpscaleTypes = VideoTypes<UpscaleCheckpoint>;
export type VideoRun = ActiveRun<VideoTypes>;
export type StoredVideoRun = StoredRunOf<VideoTypes>;
export type VideoSession = RunSession<VideoCheckpoint, VideoEventBody>;

/** Where a finished segment lies in the run folder until it is in the video. */
export function segmentName(segmentId: number): string {
  return `segments/segment_${String(segmentId).padStart(6, '0')}.mp4`;
}

/** What a command that makes a video of a video is asked to do. Paths are absolute. */
export interface VideoRequest {
  readonly inputPath: string;
  readonly outputPath: string;
  /** Null for an engine without a model. */
  readonly modelPath: string | null;
  readonly host: string;
  readonly slots: number;
  /** Replace what stands at the output. */
  readonly isForced: boolean;
  /** A damaged source gives what can be read of it. */
  readonly isKeptGoing: boolean;
  /** Paths of the settings that the command line names. */
  readonly named?: readonly string[];
  /** The pictures that `inputPath` is the pattern of; missing: it is a video. */
  readonly pictures?: PictureSeries;
}

/** What `upscale` is asked to do. */
export interface UpscaleRequest extends VideoRequest {
  /** Pictures a second, as it was written; missing: not said. */
  readonly fps?: string;
  readonly upscaling: Settings['upscaling'];
}

/** The frames of a video, as they were found when it was read through. */
export interface FoundFrames {
  readonly path: string;
  readonly facts: VideoFacts;
  readonly clip: PlannedClip;
  readonly timeline: Timeline;
}

/** Where frames are processed. */
export interface PlacedRegions {
  readonly regions: readonly Region[];
  readonly masks: MaskFile | null;
  /** Sentences. */
  readonly notices: readonly string[];
}

/** What is to be done with the frames of a video, as far as the plan of it goes. */
export interface VideoOperation {
  readonly kind: VideoCheckpoint['kind'];
  readonly scale: number;
  /** How large the result is to be, in place of `scale`; missing or empty: as that says. */
  readonly size?: string;
  /** What is asked to be done to frames before; missing: nothing can be asked. */
  readonly filters?: FrameFilters;
  /** What its model is to do; null for an engine without one. */
  readonly modelUse: ModelUse | null;
  /** The model that finds regions, an absolute path; missing for none. */
  readonly detectorPath?: string;
  /** A picture or video that is read besides, an absolute path; missing or null for none. */
  readonly maskPath?: string | null;
  /** Whether the engine gets RGB, and not frames as they are stored. */
  readonly takesRgb: boolean;
  readonly dedupe: DuplicateMode;
  /** A single picture is taken as a video of one frame; missing: it is refused. */
  readonly takesPicture?: boolean;
  /** How the result is to be encoded. */
  readonly encoding: EncodingConfig;
  /** Frames given to the engine at once. */
  readonly batchSize: number;
  /** How many unique frames the engine looks at before and after one. */
  readonly contextFrames: number;
  /** The most frames of a segment: more would be too much to lose. */
  readonly maxSegmentFrames: number;
  /** Which regions of the frames it is done to; null: whole frames. @throws AppError for regions that are nowhere. */
  placeRegions(
    found: FoundFrames,
    ports: Ports,
    observer: VideoObserver,
    signal: AbortSignal,
  ): Promise<PlacedRegions | null>;
  /** Freezes what the run will use, so that a resumed one gives the same video, on whatever machine. */
  settingsFor(model: PinnedFile | null, encoding: EncodingChoice['encoding']): Promise<VideoSettings>;
}
