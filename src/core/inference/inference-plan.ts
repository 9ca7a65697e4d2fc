import { FreeNames } from '../spec/spec-file-name.ts';
import type { UpsamplePlan } from '../upsample/upsample-plan.ts';
import type { InferenceCheckpoint, PlannedVideoTask } from './inference-checkpoint.ts';
import type { InferenceSettings } from './inference-settings.ts';
import type { InferenceSample, ModelFamily } from './sample.ts';

/** Everything a run from prompts to videos will do, computed before anything is sent. */
export interface InferencePlan {
  /** The stage that enriches; where the run has none, nothing but the names of its specs. */
  readonly prompts: UpsamplePlan;
  readonly videos: readonly PlannedVideoTask[];
  readonly videoBatches: InferenceCheckpoint['video_batches'];
}

/** As the model's family sees it. */
export function sampleOf(
  { name, negative_prompt: negativePrompt, source, controls, parameters }: PlannedVideoTask,
  prompt: string,
  countTokens: (text: string) => number,
): InferenceSample {
  return {
    ...{ name, prompt, negativePrompt, parameters, promptTokens: countTokens(prompt) },
    video: source && {
      path: source.path,
      size: { width: source.width, height: source.height },
      frames: source.frames,
    },
    controls: controls.map(({ kind, file, weight }) => ({ kind, path: file?.path ?? null, weight })),
  };
}

/** Names of files, also where case means nothing: of the results, and among the model's samples. */
export function withUniqueNames(videos: readonly PlannedVideoTask[]): PlannedVideoTask[] {
  const [results, samples] = [new FreeNames(), new FreeNames()];
  return videos.map((each) => ({
    ...each,
    video: results.take(each.video),
    name: samples.take(each.name),
  }));
}

/** Videos that may share a start of the model's program stand together, as many as one start makes. */
export function batchesOfVideos(
  videos: readonly PlannedVideoTask[],
  { program }: Pick<InferenceSettings, 'program'>,
  family: ModelFamily,
): InferenceCheckpoint['video_batches'] {
  const able = videos.filter(({ failure }) => failure === null);
  const groups = Map.groupBy(able, (video) => family.groupKey(sampleOf(video, '', () => 0)));
  const batches: InferenceCheckpoint['video_batches'] = [];
  for (const group of groups.values()) {
    for (let at = 0; at < group.length; at += program.batch_size) {
      const part = group.slice(at, at + program.batch_size);
      for (const video of part) video.batch_id = batches.length;
      batches.push({ batch_id: batches.length, videos: part.map(({ video }) => video) });
    }
  }
  return batches;
}
