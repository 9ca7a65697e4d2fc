import type { FailureFacts } from '../run/failure.ts';
import type { RunEnding } from '../run/run-ending.ts';
import type { SessionError, StandingStatus } from '../run/run-status.ts';
import type { LeftOut } from '../spec/select-specs.ts';
import type { TokenDrift } from '../upsample/upsample-report.ts';
import type { InferenceCounts } from './inference-event.ts';
import type { RunStage } from './inference-settings.ts';

export const inferenceSummaryVersion = 1;

export interface VideoWarning {
  readonly video: string;
  readonly message: string;
}

/** How a run from prompts to videos ended: what `--json` prints, and what the text says. JSON, so snake_case. */
export interface InferenceSummary {
  readonly version: typeof inferenceSummaryVersion;
  readonly kind: 'inference';
  readonly run_id: string;
  readonly status: StandingStatus;
  readonly stages: readonly RunStage[];
  readonly counts: InferenceCounts;
  /** Specs that were found and are not of the run, because of flags such as `--limit`; null for none. */
  readonly left_out: LeftOut | null;
  readonly family: string;
  /** Who enriched the prompts: `describe` or `openai`, and the model. */
  readonly engine: string;
  readonly model: string;
  readonly host: string;
  readonly videos_dir: string;
  /** Where the enriched specs are. */
  readonly output_dir: string;
  readonly checkpoint: string;
  readonly report: { readonly json: string; readonly html: string };
  /** When the run began, ISO 8601. */
  readonly started_at: string;
  readonly duration_ms: number;
  readonly token_drift: TokenDrift | null;
  /** Videos that are here, with the prompt's spec. */
  readonly videos: readonly { readonly video: string; readonly spec: string; readonly path: string }[];
  /** What the model does otherwise than may be expected: sentences. */
  readonly warnings: readonly VideoWarning[];
  readonly failures: readonly (FailureFacts & { readonly spec: string })[];
  readonly is_resumable: boolean;
  readonly error: SessionError | null;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}
