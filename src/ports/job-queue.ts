import type { JobKind, JobNews, WorkerFacts } from '../protocol/queue.ts';

/** A job that a worker of this process has, until it says what became of it. */
export interface TakenJob {
  readonly kind: JobKind;
  readonly runId: string;
  /** Names the job's file; null for `finalize`. */
  readonly jobId: string | null;
  /** Whether a failure is final. */
  readonly isLastAttempt: boolean;
  /** Aborts when the job is not this worker's any more: it was cut off for too long, and another one may have it. */
  readonly lost: AbortSignal;
  /** Aborts when the run is stopped; the reason is how long what is in flight may take, in milliseconds. */
  readonly cancelled: AbortSignal;
  /** For every listener. Never fails. */
  emit(news: JobNews): void;
  /** It is done, or there is nothing to be done. */
  done(): Promise<void>;
  /** It failed here, and is tried again later, perhaps elsewhere, unless this was the last attempt. */
  fail(message: string): Promise<void>;
  /** Another worker may do it, at once or after a while. */
  giveBack(delayMs?: number): Promise<void>;
}

/** Where a worker gets its jobs. Waits while the queue is away: nothing here fails for that. */
export interface JobSource {
  /** The next job of one of these kinds; null when none waits now. */
  take(kinds: readonly JobKind[]): Promise<TakenJob | null>;
  /** Whether nothing of these kinds waits or is worked on anywhere. */
  isEmpty(kinds: readonly JobKind[]): Promise<boolean>;
  /** Says that this worker is there, and what it does. */
  announce(facts: WorkerFacts): Promise<void>;
  /** Workers that were heard of lately, this one too; none while the queue is away. */
  workers(): Promise<readonly WorkerFacts[]>;
  /** Whether the process that began or resumed a run is there: it puts the run together itself. */
  isOwned(runId: string): Promise<boolean>;
  /** Adds jobs of a run again; those that are queued stay so. */
  add(kind: JobKind, runId: string, jobIds: readonly string[]): Promise<void>;
  /** Says that this worker leaves, and lets go; never takes longer than a few seconds. */
  close(name: string): Promise<void>;
}
