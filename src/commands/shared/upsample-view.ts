import { createEventLines } from '../../output/progress/event-lines.ts';
import { combineObservers, partialObserver } from '../../output/progress/observers.ts';
import { UpsampleProgress } from '../../output/progress/upsample-progress.ts';
import { formatSummary, savedText } from '../../output/text/upsample/summary-text.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { upsampleKind } from '../../services/upsample/upsample-kind.ts';
import type { UpsampleTypes } from '../../services/upsample/upsample-types.ts';
import { progressDisplay, writeNotice } from './create-observer.ts';
import type { RunView } from './run-view.ts';

/** How runs that enrich specs are shown. */
export const upsampleView: RunView<UpsampleTypes> = {
  kind: upsampleKind,
  createObserver: ({ progress, events }, command) =>
    combineObservers([
      progress ? new UpsampleProgress(progressDisplay()) : createNotices(),
      ...(events === undefined ? [] : [createEventLines(events)]),
      partialObserver(command),
    ]),
  formatSummary,
  savedText: ({ upsampled, reused, skipped, total }) => savedText(upsampled + reused + skipped, total),
};

/** Without progress, what a person must know is still said. */
export function createNotices(): UpsampleObserver {
  return partialObserver({ onNotice: writeNotice });
}
