import type { FailureFacts } from '../run/failure.ts';
import { placeName, type RunEnding } from '../run/run-ending.ts';
import type { SessionError, StandingStatus } from '../run/run-status.ts';
import type { LeftOut } from '../spec/select-specs.ts';
import type { UpsampleCounts } from './upsample-event.ts';
import type { TokenDrift } from './upsample-report.ts';

/** Version of the `--json` summary. */
export const upsampleSummaryVersion = 1;

/** How a run ended: what `--json` prints, and what the text says. JSON, so snake_case. */
export interface UpsampleSummary {
  readonly version: typeof upsampleSummaryVersion;
  readonly kind: 'upsample';
  readonly run_id: string;
  readonly status: StandingStatus;
  readonly counts: UpsampleCounts;
  readonly batches: number;
  /** Specs that were found and are not of the run, because of flags such as `--limit`; null for none. */
  readonly left_out: LeftOut | null;
  /** Kind of the engine: `describe` or `openai`. */
  readonly engine: string;
  /** The model that was named, or that answered; empty where none is known. */
  readonly model: string;
  /** Where the work was done: `local`, or the name of a host. */
  readonly host: string;
  readonly output_dir: string;
  readonly checkpoint: string;
  readonly report: { readonly json: string; readonly html: string };
  /** When the run began, ISO 8601. */
  readonly started_at: string;
  readonly duration_ms: number;
  readonly token_drift: TokenDrift | null;
  readonly failures: readonly (FailureFacts & { readonly spec: string })[];
  /** Whether resuming the run would try anything. */
  readonly is_resumable: boolean;
  /** What stopped the run before every spec had an outcome; null when nothing did. */
  readonly error: SessionError | null;
  /** Hosts that gave answers in earlier runs which this one used; missing for none. */
  readonly reused_from?: readonly string[] | undefined;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}

/** Where reused answers come from, and how to ask again. */
export function reusedText({ reused_from: hosts = [] }: Pick<UpsampleSummary, 'reused_from'>): string {
  const places = hosts.length > 0 ? ` on ${hosts.map(placeName).join(', ')}` : '';
  return `Reused answers come from earlier runs${places}, or from an equal spec of this run: same prompt, hint, model and sampling. To ask again, add --force.`;
}

/** An engine and its model for people: `openai, MODEL`, `describe (embedded, no model)`. */
export function upsampleEngineText(engine: string, model: string): string {
  if (engine === 'describe') return 'describe (embedded, no model)';
  return model === '' ? engine : `${engine}, ${model}`;
}
