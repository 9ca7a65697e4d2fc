import { UpsampleProgress } from '../../output/progress/upsample-progress.ts';
import { formatSummary, savedText } from '../../output/text/upsample/summary-text.ts';
import { upsampleKind } from '../../services/upsample/upsample-kind.ts';
import type { UpsampleTypes } from '../../services/upsample/upsample-types.ts';
import type { RunView } from './run-view.ts';

/** Apart from the others: what makes videos takes longer to load than these runs take to start. */
export const upsampleView: RunView<UpsampleTypes> = {
  kind: upsampleKind,
  createProgress: (createDisplay) => new UpsampleProgress(createDisplay),
  noCounts: { total: 0, upsampled: 0, reused: 0, skipped: 0, failed: 0 },
  formatSummary,
  savedText: ({ upsampled, reused, skipped, total }) => savedText(upsampled + reused + skipped, total),
};
