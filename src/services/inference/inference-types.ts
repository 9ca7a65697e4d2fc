import type { InferenceCheckpoint } from '../../core/inference/inference-checkpoint.ts';
import type { InferenceEventBody } from '../../core/inference/inference-event.ts';
import type { InferenceState, VideoState } from '../../core/inference/inference-state.ts';
import type { InferenceSummary } from '../../core/inference/inference-summary.ts';
import type { SpecDocument } from '../../core/spec/parse-spec.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import type { InferenceObserver } from '../../ports/run-observer.ts';
import type { FileIdentity } from '../../ports/source-files.ts';
import type { VideoTask } from '../../protocol/inference.ts';
import type { ActiveRun, RunTask, RunTypes, StoredRunOf } from '../runs/run-kind.ts';
import type { PromptsRun, UpsampleTask } from '../upsample/upsample-types.ts';

/** A video that is ready to be made. */
export interface VideoRunTask extends RunTask {
  readonly state: VideoState;
  readonly isEdited: boolean;
  /** Of its prompt. */
  readonly warnings: readonly string[];
  readonly work: VideoTask;
  readonly files: readonly FileIdentity[];
}

export interface InferenceTypes extends RunTypes {
  readonly checkpoint: InferenceCheckpoint;
  readonly event: InferenceEventBody;
  readonly state: InferenceState;
  readonly task: UpsampleTask | VideoRunTask;
  readonly summary: InferenceSummary;
  readonly observer: InferenceObserver;
}

export type InferenceRun = ActiveRun<InferenceTypes>;
export type StoredInference = StoredRunOf<InferenceTypes>;

/** A spec's file as the run uses it. */
export interface SpecFile {
  readonly path: string;
  readonly document: SpecDocument;
}

/** The first stage of a run as a run that only enriches would have it. */
export function promptsCheckpoint(checkpoint: InferenceCheckpoint): UpsampleCheckpoint {
  const { version, run_id, tool_version, created_at, input_root, inputs, settings, batches, specs } =
    checkpoint;
  const common = { version, run_id, tool_version, created_at, input_root, inputs };
  return { ...common, kind: 'upsample', settings: settings.upsample, batches, specs };
}

/** The run as its first stage sees it. */
export function promptsRun({ session, state, ports, signal }: InferenceRun): PromptsRun {
  return {
    ...{ ports, signal, state: state.prompts },
    session: {
      runId: session.runId,
      checkpoint: promptsCheckpoint(session.checkpoint),
      keep: (name, source, sha256) => session.keep(name, source, sha256),
      kept: (name, sha256) => session.kept(name, sha256),
    },
  };
}
