/** How fast the work goes since it last began, to tell when it will end. Loading and idle times do not count. */
export class WorkRate {
  #beganAtMs: number | null = null;
  #finished = 0;

  /** Work is under way; called as often as one likes. */
  working(nowMs: number): void {
    this.#beganAtMs ??= nowMs;
  }

  /** One more task is done. */
  finished(): void {
    this.#finished += 1;
  }

  /** Nothing is under way. */
  resting(): void {
    this.#beganAtMs = null;
    this.#finished = 0;
  }

  /** When the remaining tasks will be done, in milliseconds since the epoch; null before the first one is. */
  completionMs(remainingTasks: number, nowMs: number): number | null {
    if (this.#beganAtMs === null || this.#finished === 0) return null;
    return nowMs + (remainingTasks * (nowMs - this.#beganAtMs)) / this.#finished;
  }
}
