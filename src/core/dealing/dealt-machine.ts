import type { DealtTask } from './waiting-tasks.ts';
import type { DealingWindow } from './window.ts';

/**
 * - `working`: gets tasks.
 * - `silent`: cannot be reached at the moment; it keeps what it has, and gets nothing.
 * - `lost`: silent for so long that its tasks are given to others, too.
 */
export type DealtMachineState = 'working' | 'silent' | 'lost';

/** A task that a machine has. */
export interface Holding {
  readonly task: DealtTask;
  /** When it was last heard of. */
  newsMs: number;
  readonly isCopy: boolean;
  /** Known to be under way. */
  isBegun: boolean;
  /** Share that is known to be done, from 0 to 1. */
  doneShare: number;
  /** When the machine was asked to give it back; null while it is not. */
  askedBackMs: number | null;
  /** Another machine was first: this one only still works on it. */
  isOver: boolean;
}

/** One machine, what it has, and how fast it was so far. */
export class DealtMachine {
  readonly name: string;
  readonly workers: number;
  readonly #window: DealingWindow;
  readonly holdings = new Map<string, Holding>();
  state: DealtMachineState = 'working';
  /** Work that it has and that is not done. */
  load = 0;
  /** Finished work and the time for it, where older ones count less and less. */
  #doneWork = 0;
  #doneMs = 0;
  /** Since when it works on what it will finish next; null while it has nothing. */
  #busySinceMs: number | null = null;

  constructor(name: string, workers: number, window: DealingWindow) {
    this.name = name;
    this.workers = workers;
    this.#window = window;
  }

  /** Tasks that it does side by side. */
  get parallel(): number {
    return this.workers * this.#window.parallel;
  }

  /** Whether it would begin with one more task at once. */
  get isIdle(): boolean {
    return this.holdings.size < this.parallel;
  }

  /** How many more tasks it may get; none until it holds few enough. */
  get room(): number {
    const { most, refillAt } = this.#window;
    const held = this.holdings.size;
    return held > this.workers * refillAt ? 0 : this.workers * most - held;
  }

  /** Whether it has finished anything, so that its speed is known. */
  get isMeasured(): boolean {
    return this.#doneWork > 0;
  }

  hold(task: DealtTask, nowMs: number, isCopy: boolean): void {
    if (this.holdings.size === 0) this.#busySinceMs = nowMs;
    this.holdings.set(task.key, {
      ...{ task, newsMs: nowMs, isCopy },
      ...{ isBegun: false, doneShare: 0, askedBackMs: null, isOver: false },
    });
    this.load += task.size;
  }

  drop(key: string, nowMs: number): Holding | undefined {
    const holding = this.holdings.get(key);
    if (!holding) return undefined;
    this.holdings.delete(key);
    this.load = this.holdings.size === 0 ? 0 : this.load - holding.task.size;
    if (this.holdings.size === 0) this.#busySinceMs = null;
    else this.#busySinceMs ??= nowMs;
    return holding;
  }

  /** Takes a task as finished, and measures the machine by it. */
  finish(key: string, nowMs: number): void {
    const sinceMs = this.#busySinceMs;
    const holding = this.drop(key, nowMs);
    if (!holding || sinceMs === null) return;
    // Results of one machine come in bursts; the span holds several of them.
    const weight = 1 - 1 / (2 * this.parallel + 2);
    this.#doneWork = this.#doneWork * weight + holding.task.size;
    this.#doneMs = this.#doneMs * weight + Math.max(0, nowMs - sinceMs);
    if (this.holdings.size > 0) this.#busySinceMs = nowMs;
  }

  /** The time that it was away counts as no work. */
  resume(nowMs: number): void {
    if (this.#busySinceMs !== null) this.#busySinceMs = nowMs;
  }

  /** Measured work per millisecond of one worker; null before the first measurement. */
  get measuredSpeed(): number | null {
    return this.isMeasured ? this.#doneWork / Math.max(1, this.#doneMs) / this.workers : null;
  }

  /**
   * Work per millisecond of the machine. One that has finished nothing for longer than it should have is slower than it was.
   *
   * @param usualSpeed - Of one worker of a machine that is not measured yet.
   */
  speedAt(nowMs: number, usualSpeed: number): number {
    const known = this.isMeasured
      ? (this.measuredSpeed ?? usualSpeed) * this.workers
      : usualSpeed * this.workers;
    if (this.#busySinceMs === null) return known;
    const waitedMs = nowMs - this.#busySinceMs;
    if (waitedMs <= 0) return known;
    const atMost = (this.#doneWork + this.#nextWork()) / (this.#doneMs + waitedMs);
    return Math.min(known, atMost);
  }

  /** When it would have done all that it has, and this task, in milliseconds from now. */
  durationWith(task: DealtTask, speed: number): number {
    return this.waitMs(speed) + (task.size * this.parallel) / speed;
  }

  /** How long until it begins with one more task, in milliseconds. */
  waitMs(speed: number): number {
    const held = this.holdings.size;
    if (held < this.parallel) return 0;
    return (this.load * (1 - (this.parallel - 1) / held)) / speed;
  }

  /**
   * How long a task that it has will take from now on, in milliseconds, when it does its tasks in order. What stands still
   * is taken to stand still for as long again, however little is left of it.
   */
  leftMs(key: string, speed: number, nowMs: number): number {
    let ahead = 0;
    let position = 0;
    for (const [heldKey, { task, doneShare, newsMs }] of this.holdings) {
      const left = task.size * (1 - doneShare);
      if (heldKey === key) {
        // Those that run beside it are no reason to wait.
        const work = position < this.parallel ? left * this.parallel : ahead + left;
        return Math.max(work / speed, nowMs - Math.max(newsMs, this.#busySinceMs ?? nowMs));
      }
      ahead += left;
      position += 1;
    }
    return 0;
  }

  /** Work that is at most done of what it finishes next. */
  #nextWork(): number {
    let smallest = Number.POSITIVE_INFINITY;
    let count = 0;
    for (const { task } of this.holdings.values()) {
      smallest = Math.min(smallest, task.size);
      if (++count >= this.parallel) break;
    }
    return count === 0 ? 0 : smallest * count;
  }
}
