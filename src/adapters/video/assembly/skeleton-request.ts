import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import type { VideoFacts } from '../../../core/frames/video-facts.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import type { StreamMarks } from './source-tags.ts';

/** Everything that decides what is in a skeleton. */
export interface SkeletonRequest {
  readonly source: { readonly path: string; readonly facts: VideoFacts };
  readonly container: OutputContainer;
  readonly plans: readonly StreamPlan[];
  readonly marks: readonly StreamMarks[];
  readonly presentation: Presentation;
  /** File of the first upscaled frame. */
  readonly firstPath: string;
}
