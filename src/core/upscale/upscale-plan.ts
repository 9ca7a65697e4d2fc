import type { Segment } from '../frames/plan-segments.ts';
import type { StreamPlan } from '../frames/stream-plan.ts';
import type { Timeline } from '../frames/timeline.ts';
import type { VideoFacts } from '../frames/video-facts.ts';
import type { PinnedFile, PlannedClip } from './upscale-checkpoint.ts';
import type { UpscaleSettings } from './upscale-settings.ts';

/** Everything an upscale run will do, computed before anything is sent. */
export interface UpscalePlan {
  readonly source: PinnedFile;
  /** A copy of the source with joined times, which is read in its place; null where its clock does not break. */
  readonly retimed: PinnedFile | null;
  readonly model: PinnedFile | null;
  readonly facts: VideoFacts;
  readonly settings: UpscaleSettings;
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
