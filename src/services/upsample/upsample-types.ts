import type { cosmos3FactsOf } from '../../core/inference/cosmos3-prompt.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../core/upsample/upsample-event.ts';
import type { PlannedSpec } from '../../core/upsample/upsample-plan.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { ActiveRun, RunTask, RunTypes, StoredRunOf } from '../runs/run-kind.ts';

/** The clip a task's frames come from, as kept with the run. */
export interface TaskHint {
  readonly sha256: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** False when the video was small enough to be used as it is. */
  readonly generated: boolean;
}

/** What is known of the video that a prompt is for. */
export type VideoKnown = ReturnType<typeof cosmos3FactsOf>;

export interface UpsampleTask extends RunTask {
  readonly planned: PlannedSpec;
  readonly prompt: string;
  readonly hint: TaskHint | null;
  /** Reserved for the answer, and allowed to it. */
  readonly maxOutputTokens: number;
  /** What its sampling starts with, for one of several prompts of a spec; undefined: what the engine's does. */
  readonly seed: number | undefined;
  /** For a prompt that says what is known of its video; null for one of words. */
  readonly known: VideoKnown | null;
  /** The spec's file as it was read when the task was prepared. */
  readonly source: {
    readonly path: string;
    readonly text: string;
    /** This run has already written the enriched spec over it, and died before it could note that. */
    readonly isWrittenBack: boolean;
  };
}

export interface UpsampleTypes extends RunTypes {
  readonly checkpoint: UpsampleCheckpoint;
  readonly event: UpsampleEventBody;
  readonly state: UpsampleState;
  readonly task: UpsampleTask;
  readonly summary: UpsampleSummary;
  readonly observer: UpsampleObserver;
}

export type UpsampleRun = ActiveRun<UpsampleTypes>;
export type StoredUpsample = StoredRunOf<UpsampleTypes>;

/** A run as the work on its prompts needs it: also the first stage of a longer run. */
export interface PromptsRun extends Pick<UpsampleRun, 'state' | 'ports' | 'signal'> {
  readonly session: UpsampleSession;
}

export type UpsampleSession = Pick<
  RunSession<UpsampleCheckpoint, UpsampleEventBody>,
  'runId' | 'checkpoint' | 'keep' | 'kept'
>;

/** What is needed of a run, or of an export of its requests, to prepare a task and to finish it. */
export interface RunBasis {
  readonly runId: string;
  readonly checkpoint: Pick<UpsampleCheckpoint, 'input_root' | 'settings'>;
}
