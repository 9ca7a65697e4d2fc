import { createUpscaleBars } from '../../output/progress/upscale-bars.ts';
import { createUpscaleEventLines } from '../../output/progress/upscale-event-lines.ts';
import { createUpscaleLines } from '../../output/progress/upscale-lines.ts';
import { combineUpscaleObservers, partialUpscaleObserver } from '../../output/progress/upscale-observers.ts';
import { formatUpscaleSummary } from '../../output/text/upscale/summary-text.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { upscaleKind } from '../../services/upscale/upscale-kind.ts';
import type { UpscaleTypes } from '../../services/upscale/upscale-types.ts';
import { isTerminal, writeLine, writeNotice } from './create-observer.ts';
import type { RunView } from './run-view.ts';

/** How runs that upscale a video are shown. */
export const upscaleView: RunView<UpscaleTypes> = {
  kind: upscaleKind,
  createObserver: ({ progress, events }, command) =>
    combineUpscaleObservers([
      progress ? createProgress() : partialUpscaleObserver({ onNotice: writeNotice }),
      ...(events === undefined ? [] : [createUpscaleEventLines(events)]),
      partialUpscaleObserver(command),
    ]),
  formatSummary: formatUpscaleSummary,
  savedText: ({ finished_segments: done, segments }) =>
    `${done} of ${segments} segments are saved; what was under way is done again.`,
};

function createProgress(): UpscaleObserver {
  return isTerminal() ? createUpscaleBars(process.stderr) : createUpscaleLines(writeLine);
}
