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
