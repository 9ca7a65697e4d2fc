import type { UpsamplePlan } from '../upsample/upsample-plan.ts';
import type { InferenceCheckpoint, PlannedVideoTask } from './inference-checkpoint.ts';

/** Everything a run from prompts to videos will do, computed before anything is sent. */
export interface InferencePlan {
  /** The stage that enriches; where the run has none, nothing but the names of its specs. */
  readonly prompts: UpsamplePlan;
  readonly videos: readonly PlannedVideoTask[];
  readonly videoBatches: InferenceCheckpoint['video_batches'];
}
