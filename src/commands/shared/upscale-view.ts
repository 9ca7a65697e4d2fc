import { UpscaleProgress } from '../../output/progress/upscale-progress.ts';
import { formatUpscaleSummary } from '../../output/text/upscale/summary-text.ts';
import { upscaleKind } from '../../services/upscale/upscale-kind.ts';
import type { UpscaleTypes } from '../../services/upscale/upscale-types.ts';
import type { RunView } from './run-view.ts';

export const upscaleView: RunView<UpscaleTypes> = {
  kind: upscaleKind,
  createProgress: (createDisplay) => new UpscaleProgress(createDisplay),
  noCounts: {
    frames: 0,
    unique_frames: 0,
    duplicates: 0,
    segments: 0,
    finished_segments: 0,
    failed_segments: 0,
  },
  formatSummary: formatUpscaleSummary,
  savedText: ({ finished_segments: done, segments }) =>
    `${done} of ${segments} segments are saved; what was under way is done again.`,
};
