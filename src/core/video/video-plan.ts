import type { Segment } from '../frames/plan-segments.ts';
import type { StreamPlan } from '../frames/stream-plan.ts';
import type { Timeline } from '../frames/timeline.ts';
import type { VideoFacts } from '../frames/video-facts.ts';
import type { Region } from '../regions/place-region.ts';
import type {
  PinnedFile,
  PlannedClip,
  PlannedPictures,
  VideoCheckpoint,
  VideoSettings,
} from './video-checkpoint.ts';

/** A file with a mask in each line, as regions name them. */
export interface MaskFile {
  readonly lines: readonly string[];
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Everything a run that makes a video of a video will do, computed before anything is sent. */
export interface VideoPlan {
  readonly kind: VideoCheckpoint['kind'];
  readonly source: PinnedFile;
  /** A copy of the source with joined times, which is read in its place; null where its clock does not break. */
  readonly retimed: PinnedFile | null;
  /** The source is a pattern of these pictures, and `retimed` has them in one file; missing: it is a video. */
  readonly pictures?: PlannedPictures;
  readonly model: PinnedFile | null;
  readonly facts: VideoFacts;
  readonly settings: VideoSettings;
  /** Where the frames are processed; null: everywhere. */
  readonly regions: readonly Region[] | null;
  /** Masks of the regions; null where none has one. */
  readonly masks: MaskFile | null;
  readonly clip: PlannedClip;
  readonly timeline: Timeline;
  readonly segments: readonly Segment[];
  readonly streams: readonly StreamPlan[];
  /** What a person has to know before the work starts: sentences. */
  readonly notices: readonly string[];
  /** How long the scan took, in milliseconds. */
  readonly scanMs: number;
  /** Free bytes of the disk that the output goes to; null where that is not known. */
  readonly freeBytes: number | null;
}
