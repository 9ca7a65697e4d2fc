import type { VideoCounts } from '../../core/video/video-event.ts';
import type { CreateDisplay } from '../../output/progress/display.ts';
import { InferenceProgress } from '../../output/progress/inference-progress.ts';
import { VideoProgress } from '../../output/progress/video-progress.ts';
import { VideoSetProgress } from '../../output/progress/video-set-progress.ts';
import { formatInferenceSummary } from '../../output/text/inference/summary-text.ts';
import { savedText } from '../../output/text/upsample/summary-text.ts';
import { formatVideoSummary } from '../../output/text/video/summary-text.ts';
import { formatVideoSetSummary } from '../../output/text/video-set/summary-text.ts';
import { inferenceKind } from '../../services/inference/inference-kind.ts';
import type { InferenceTypes } from '../../services/inference/inference-types.ts';
import { type RetouchTypes, retouchKind } from '../../services/retouch/retouch-kind.ts';
import type { RunKinds, RunTypes } from '../../services/runs/run-kind.ts';
import { upscaleKind } from '../../services/upscale/upscale-kind.ts';
import type { UpscaleTypes } from '../../services/video/video-types.ts';
import { videoSetKind } from '../../services/video-set/set-kind.ts';
import type { VideoSetTypes } from '../../services/video-set/set-types.ts';
import type { RunView } from './run-view.ts';
import { upsampleView } from './upsample-view.ts';

const videoView = {
  createProgress: (createDisplay: CreateDisplay) => new VideoProgress(createDisplay),
  noCounts: {
    frames: 0,
    unique_frames: 0,
    duplicates: 0,
    segments: 0,
    finished_segments: 0,
    failed_segments: 0,
  },
  formatSummary: formatVideoSummary,
  savedText: ({ finished_segments: done, segments }: VideoCounts) =>
    `${done} of ${segments} segments are saved; those in progress are done again.`,
};

export const upscaleView: RunView<UpscaleTypes> = { ...videoView, kind: upscaleKind };
export const retouchView: RunView<RetouchTypes> = { ...videoView, kind: retouchKind };

export const videoSetView: RunView<VideoSetTypes> = {
  kind: videoSetKind,
  createProgress: (createDisplay) => new VideoSetProgress(createDisplay),
  noCounts: { videos: 0, finished: 0, skipped: 0, failed: 0, frames: 0 },
  formatSummary: formatVideoSetSummary,
  savedText: ({ finished, skipped, videos, frames }) =>
    `${finished + skipped} of ${videos} videos are finished, and ${frames} frames are saved.`,
};

const noPrompts = upsampleView.noCounts;

export const inferenceView: RunView<InferenceTypes> = {
  kind: inferenceKind,
  createProgress: (createDisplay) => new InferenceProgress(createDisplay),
  noCounts: { total: 0, made: 0, reused: 0, skipped: 0, failed: 0, prompts: noPrompts },
  formatSummary: formatInferenceSummary,
  savedText: ({ total, made, reused, prompts }) =>
    total > 0 && made + reused > 0
      ? `${made + reused} of ${total} videos are here.`
      : savedText(prompts.upsampled + prompts.reused + prompts.skipped, prompts.total),
};

/** Every kind of run that the program knows. A new kind is added here. */
const runViews: readonly RunView<RunTypes>[] = [
  upsampleView,
  upscaleView,
  videoSetView,
  retouchView,
  inferenceView,
];

export const runKinds: RunKinds = new Map(runViews.map(({ kind }) => [kind.format.kind, kind]));

/** The view of a kind that a stored run names, which the lifecycle has found among the kinds. */
export function viewOf(kind: string): RunView<RunTypes> {
  const view = runViews.find((each) => each.kind.format.kind === kind);
  if (!view) throw new Error(`there is no view of runs of kind ${kind}`);
  return view;
}
