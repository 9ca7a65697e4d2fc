import type { Timeline } from '../../core/frames/timeline.ts';
import type { UpscaleExecution } from './upscale-execution.ts';
import type { UpscaleLedger } from './upscale-ledger.ts';

/** What handing segments over and bringing them home works with. */
export interface SegmentWork extends UpscaleExecution {
  readonly ledger: UpscaleLedger;
  readonly timeline: Timeline;
  /** Hears of an error that the run cannot go on after. */
  readonly onError: (error: unknown) => void;
}
