import type { UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import type { UpsampleBeginning, UpsampleObserver } from '../../ports/run-observer.ts';
import { counted, numeral } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';
import { RunProgress, type WorkPace } from './run-progress.ts';

interface Pace {
  /** When the first task of this session was started on an engine; null before that: cold start does not count. */
  readonly workStartedMs: number | null;
  readonly nowMs: number;
  /** Tasks answered in this session; those adopted from earlier work or from the cache do not count. */
  readonly answered: number;
  /** Tasks that still have to be answered. */
  readonly remaining: number;
  /** Tasks in flight at once; a wave must have come back before there is a pace. */
  readonly concurrency: number;
}

/** The progress of a run that enriches specs: the plan, then hints and prompts. */
export class UpsampleProgress extends RunProgress implements UpsampleObserver {
  #planned: { readonly done: number; readonly total: number } | null = null;
  #run: UpsampleBeginning | null = null;
  #prepared = 0;
  #settled = 0;
  #failed = 0;
  /** Answers of this session; those adopted from earlier work or from the cache do not count. */
  #answered = 0;
  #workStartedMs: number | null = null;

  onPlanned(done: number, total: number): void {
    this.#planned = { done, total };
    this.refresh();
  }

  onBegin(run: UpsampleBeginning): void {
    this.#run = run;
    this.#prepared = run.settled;
    this.#settled = run.settled;
    this.#failed = run.failed ?? 0;
    const before = run.settled > 0 ? `, ${run.settled} of them finished or skipped earlier` : '';
    this.begin(run.runId, `${counted(run.total, 'spec')}${before}`, run.engine);
  }

  onEvent(event: UpsampleEvent): void {
    if (event.type === 'task-prepared') this.#prepared += 1;
    if (event.type === 'task-finished') {
      this.#settled += 1;
      if (!event.is_reused) this.#answered += 1;
    }
    if (event.type === 'task-failed') {
      this.#settled += 1;
      this.#failed += 1;
      if (event.attempts > 0) this.#answered += 1;
      this.takeFailure(event);
    }
    this.takeHostEvent(event);
  }

  onTaskStarted(): void {
    this.#workStartedMs ??= performance.now();
  }

  rows(nowMs: number): BarRow[] {
    if (this.#run === null) {
      const planned = this.#planned;
      return planned ? [{ what: 'Plan', ...planned, text: `${planned.done}/${planned.total}` }] : [];
    }
    const { total } = this.#run;
    const prepared = Math.max(this.#prepared, this.#settled);
    const prompts = { what: 'Prompts', done: this.#settled, total, text: this.#standing(total) };
    return [
      { what: 'Hints', done: prepared, total, text: `${prepared}/${total}` },
      this.workRow(prompts, this.#paceOf(this.#run, nowMs), nowMs),
      this.engineRow(nowMs),
      ...this.machineRows(),
    ];
  }

  line(nowMs: number): string {
    if (this.#run !== null)
      return this.workLine(this.#standing(this.#run.total), this.#paceOf(this.#run, nowMs), nowMs);
    if (this.#planned === null) return 'reading specs';
    return `planned ${this.#planned.done} of ${counted(this.#planned.total, 'spec')}`;
  }

  #standing(total: number): string {
    return standingText({ settled: this.#settled, failed: this.#failed, total });
  }

  #paceOf({ total, concurrency }: UpsampleBeginning, nowMs: number): WorkPace {
    const leftMs = remainingTimeMs({
      workStartedMs: this.#workStartedMs,
      nowMs,
      answered: this.#answered,
      remaining: total - this.#settled,
      concurrency,
    });
    return { rate: null, leftMs };
  }
}

/** How specs stand: `1 done, 13 failed, 17 to go`. */
export function standingText(specs: {
  readonly settled: number;
  readonly failed: number;
  readonly total: number;
}): string {
  const { settled, failed, total } = specs;
  const parts = [`${numeral(settled - failed)} done`];
  if (failed > 0) parts.push(`${numeral(failed)} failed`);
  if (total > settled) parts.push(`${numeral(total - settled)} to go`);
  return parts.join(', ');
}

/**
 * Milliseconds until the last answer, or null while nothing honest can be said.
 *
 * Answers come in waves of `concurrency`, so time is counted per answer over all time since the first start, and
 * nothing is said before one wave is back.
 */
export function remainingTimeMs(pace: Pace): number | null {
  if (pace.remaining === 0) return 0;
  if (pace.workStartedMs === null || pace.answered < Math.min(pace.concurrency, pace.remaining)) return null;
  const elapsedMs = pace.nowMs - pace.workStartedMs;
  return Math.round((elapsedMs / pace.answered) * pace.remaining);
}
