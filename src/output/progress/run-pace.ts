import { remainingTimeMs } from '../../core/run/remaining-time.ts';
import type { UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import type { UpsampleBeginning } from '../../ports/run-observer.ts';

/** Counts what a run does, and tells how much is left. Time is passed in. */
export class RunPace {
  readonly total: number;
  /** Specs with an outcome, good or bad. */
  settled: number;
  failed: number;
  prepared: number;
  readonly #concurrency: number;
  #answered = 0;
  #workStartedMs: number | null = null;

  constructor(run: Pick<UpsampleBeginning, 'total' | 'settled' | 'failed' | 'concurrency'>) {
    this.total = run.total;
    this.settled = run.settled;
    this.failed = run.failed ?? 0;
    this.prepared = run.settled;
    this.#concurrency = run.concurrency;
  }

  start(nowMs: number): void {
    this.#workStartedMs ??= nowMs;
  }

  apply(event: UpsampleEvent): void {
    if (event.type === 'task-prepared') this.prepared++;
    if (event.type !== 'task-finished' && event.type !== 'task-failed') return;
    this.settled++;
    if (event.type === 'task-failed') this.failed++;
    if (event.type === 'task-finished' ? !event.is_reused : event.attempts > 0) this.#answered++;
  }

  /** Milliseconds until the end, or null while nothing honest can be said. */
  remainingMs(nowMs: number): number | null {
    return remainingTimeMs({
      workStartedMs: this.#workStartedMs,
      nowMs,
      answered: this.#answered,
      remaining: this.total - this.settled,
      concurrency: this.#concurrency,
    });
  }
}
