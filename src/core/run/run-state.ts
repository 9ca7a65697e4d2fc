import type { RunStatus } from './run-status.ts';

/** Tasks of a run of any kind: specs, or segments of a video. */
export interface TaskCounts {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

/**
 * The state of a run, folded from its plan and its events: nothing else decides what remains to be done. A kind of run
 * extends it by what it knows of its tasks.
 */
export abstract class RunState<Event extends { readonly type: string }> {
  /** How the last session ended; null while one is at work, and after one that was killed. */
  lastStatus: RunStatus | null = null;

  /** Folds one event in. Events about tasks that are not in the plan change nothing. */
  apply(event: Event): void {
    if (isRunFinished(event)) this.lastStatus = event.status;
    if (event.type === 'run-started') this.lastStatus = null;
    this.applyTaskEvent(event);
  }

  /** How the run stands while no process works on it. */
  get standingStatus(): RunStatus {
    return this.lastStatus === 'detached' ? 'detached' : this.endStatus;
  }

  /** Tasks without an outcome. */
  get pendingCount(): number {
    const { done, failed, total } = this.taskCounts;
    return total - done - failed;
  }

  /** Counts as the kind names them, and as they are in events and summaries. */
  abstract readonly counts: object;
  abstract readonly taskCounts: TaskCounts;
  /** The run came to its end: resuming would at most try again what failed. */
  abstract readonly isEnded: boolean;
  /** The status of a run that came to its end, or stopped where it is. */
  abstract readonly endStatus: RunStatus;
  /** Whether another session would try anything. */
  abstract readonly isResumable: boolean;

  /** Makes failed tasks pending again, so that a resumed run tries them once more. */
  abstract reopenFailed(): void;

  protected abstract applyTaskEvent(event: Event): void;
}

function isRunFinished(event: { readonly type: string }): event is { type: string; status: RunStatus } {
  return event.type === 'run-finished';
}
