import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../core/upsample/upsample-event.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { ActiveRun, RunTypes, StoredRunOf } from '../runs/run-kind.ts';
import type { UpsampleTask } from './prepare-task.ts';

/** The types of runs that enrich specs. */
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
export type UpsampleSession = RunSession<UpsampleCheckpoint, UpsampleEventBody>;
