import { remainingTimeMs } from '../../core/run/remaining-time.ts';
import type { RunEvent } from '../../core/run/run-event.ts';

/** Counts what a run does, and tells how much is left. Time is passed in. */
export class RunPace {
  readonly total: number;
  settled: number;
  failed = 0;
  prepared = 0;
  /** Prompts that are waited for: prepared and not yet settled. */
  readonly #settledBefore: number;
  readonly #concurrency: number;
  #answered = 0;
  #workStartedMs: number | null = null;

  constructor(run: { total: number; settled: number; concurrency: number }) {
    this.total = run.total;
    this.settled = run.settled;
    this.#settledBefore = run.settled;
    this.#concurrency = run.concurrency;
  }

  start(nowMs: number): void {
    this.#workStartedMs ??= nowMs;
  }

  apply(event: RunEvent): void {
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

  /** How many specs had an outcome when this sitting began. */
  get settledBefore(): number {
    return this.#settledBefore;
  }
}
