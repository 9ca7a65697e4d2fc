/** How many tasks one worker holds at a time. */
export interface DealingWindow {
  /** Tasks that one worker does side by side. */
  readonly parallel: number;
  /** The most that it holds, under way and waiting. */
  readonly most: number;
  /** It gets more when it holds no more than this: a far machine is not sent every task by itself. */
  readonly refillAt: number;
}

/** What the window depends on. */
export type DealtWork =
  /** Segments of a video. */
  | { readonly kind: 'segments' }
  /** @param concurrency - Prompts in flight. */
  | { readonly kind: 'upsample'; readonly concurrency: number }
  /** @param batchSize - The most videos of one start of the program. */
  | { readonly kind: 'inference'; readonly batchSize: number };

/** Two segments are under way, so that the next is read while one is written. */
const segmentsUnderWay = 2;

/** Prompts that wait beside those in flight, at least: as many as are answered while more are on their way. */
const fewestWaitingPrompts = 8;

/** The window of one worker. */
export function windowOf(work: DealtWork): DealingWindow {
  if (work.kind === 'segments')
    return { parallel: 1, most: segmentsUnderWay + 1, refillAt: segmentsUnderWay };
  if (work.kind === 'inference') return { parallel: 1, most: work.batchSize + 1, refillAt: work.batchSize };
  const { concurrency } = work;
  const waiting = Math.max(fewestWaitingPrompts, concurrency);
  return {
    parallel: concurrency,
    most: concurrency + waiting,
    refillAt: concurrency + Math.floor(waiting / 2),
  };
}
