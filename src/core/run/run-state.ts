import {
  cancelledCode,
  interruptedCode,
  type RunStatus,
  type SessionError,
  type StandingStatus,
} from './run-status.ts';

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
  lastEnd: SessionRecord | null = null;
  /** When the last event came, ISO 8601. */
  lastTime: string | null = null;
  /** How long its sessions were at work, together, in milliseconds; pauses between them do not count. */
  workedMs = 0;
  /** {@link workedMs} when a session began that has found nothing to do so far; null in any other one. */
  #idleSinceMs: number | null = null;
  /** Between two sessions, where an event may still come from a process that does not work on the run. */
  #isPaused = false;
  /** A process works on the run. The journal does not tell; the code that asked for the lock sets it. */
  isAtWork = false;

  /** Folds one event in. Events about tasks that are not in the plan change nothing. */
  apply(event: Event): void {
    const time = timeOf(event);
    if (isRunFinished(event)) this.lastEnd = { status: event.status, at: time, error: event.error ?? null };
    if (event.type === 'run-started')
      this.#idleSinceMs = this.lastStatus === 'complete' ? this.workedMs : null;
    else if (!isRunFinished(event)) this.#idleSinceMs = null;
    if (event.type === 'run-started') this.lastEnd = null;
    else if (time !== null && this.lastTime !== null && !this.#isPaused)
      this.workedMs += Math.max(0, Date.parse(time) - Date.parse(this.lastTime));
    // Resuming a complete run to find nothing to do is no work.
    if (isRunFinished(event)) this.workedMs = this.#idleSinceMs ?? this.workedMs;
    if (event.type === 'run-started') this.#isPaused = false;
    if (isRunFinished(event)) this.#isPaused = true;
    this.lastTime = time ?? this.lastTime;
    this.applyTaskEvent(event);
  }

  get lastStatus(): RunStatus | null {
    return this.lastEnd?.status ?? null;
  }

  /** How the run stands: what lists, summaries and reports all say of it. */
  get standing(): StandingStatus {
    if (this.isAtWork) return 'running';
    if (this.lastStatus !== null && this.lastStatus !== 'failed') return this.lastStatus;
    if (this.isEnded) return this.endStatus;
    const code = this.lastEnd?.error?.code ?? interruptedCode;
    return code === interruptedCode || code === cancelledCode ? 'unfinished' : 'failed';
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

/** How a session of a run ended. */
interface SessionRecord {
  readonly status: RunStatus;
  /** ISO 8601; null where the event was not read from a journal. */
  readonly at: string | null;
  /** What ended it before everything was done; null where nothing did, or an older version did not record it. */
  readonly error: SessionError | null;
}

interface RunFinished {
  readonly type: string;
  readonly status: RunStatus;
  readonly error?: SessionError | null;
}

function isRunFinished(event: { readonly type: string }): event is RunFinished {
  return event.type === 'run-finished';
}

function timeOf(event: { readonly type: string }): string | null {
  return 'time' in event && typeof event.time === 'string' ? event.time : null;
}
