import { createBarProgress } from '../../output/progress/bar-progress.ts';
import { createEventLines } from '../../output/progress/event-lines.ts';
import { createLineProgress } from '../../output/progress/line-progress.ts';
import { combineObservers, partialObserver } from '../../output/progress/observers.ts';
import { formatSummary, savedText } from '../../output/text/upsample/summary-text.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { upsampleKind } from '../../services/upsample/upsample-kind.ts';
import type { UpsampleTypes } from '../../services/upsample/upsample-types.ts';
import { isTerminal, writeLine, writeNotice } from './create-observer.ts';
import type { RunView } from './run-view.ts';

/** How runs that enrich specs are shown. */
export const upsampleView: RunView<UpsampleTypes> = {
  kind: upsampleKind,
  createObserver: ({ progress, events }, command) =>
    combineObservers([
      progress ? createProgress() : createNotices(),
      ...(events === undefined ? [] : [createEventLines(events)]),
      partialObserver(command),
    ]),
  formatSummary,
  savedText: ({ upsampled, reused, skipped, total }) => savedText(upsampled + reused + skipped, total),
};

function createProgress(): UpsampleObserver {
  return isTerminal() ? createBarProgress(process.stderr) : createLineProgress(writeLine);
}

/** Without progress, what a person must know is still said. */
export function createNotices(): UpsampleObserver {
  return partialObserver({ onNotice: writeNotice });
}
