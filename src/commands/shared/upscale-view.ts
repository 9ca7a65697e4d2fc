import { createUpscaleEventLines } from '../../output/progress/event-lines.ts';
import { combineObservers, partialUpscaleObserver } from '../../output/progress/observers.ts';
import { UpscaleProgress } from '../../output/progress/upscale-progress.ts';
import { formatUpscaleSummary } from '../../output/text/upscale/summary-text.ts';
import { upscaleKind } from '../../services/upscale/upscale-kind.ts';
import type { UpscaleTypes } from '../../services/upscale/upscale-types.ts';
import { progressDisplay, writeNotice } from './create-observer.ts';
import type { RunView } from './run-view.ts';

/** How runs that upscale a video are shown. */
export const upscaleView: RunView<UpscaleTypes> = {
  kind: upscaleKind,
  createObserver: ({ progress, events }, command) =>
    combineObservers([
      progress ? new UpscaleProgress(progressDisplay()) : partialUpscaleObserver({ onNotice: writeNotice }),
      ...(events === undefined ? [] : [createUpscaleEventLines(events)]),
      partialUpscaleObserver(command),
    ]),
  formatSummary: formatUpscaleSummary,
  savedText: ({ finished_segments: done, segments }) =>
    `${done} of ${segments} segments are saved; what was under way is done again.`,
};
