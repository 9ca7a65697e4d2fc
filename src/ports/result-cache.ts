import type { AskedOrigin, ResultOrigin } from '../core/upsample/result-origin.ts';
import type { TaskResult } from '../protocol/task-result.ts';

/** An answer of an earlier run, and where it came from. */
export interface CachedResult {
  readonly result: TaskResult;
  readonly origin: ResultOrigin;
}

/**
 * Answers of earlier runs by task key. Losing any of it costs time, never correctness: what cannot be read, or does not say
 * where it comes from, is not there, and what cannot be written is not kept.
 */
export interface ResultCache {
  /** @param asked - Whom the run would ask; null takes an answer of any origin. */
  get(taskKey: string, asked: AskedOrigin | null): Promise<CachedResult | null>;
  put(result: TaskResult, origin: ResultOrigin): Promise<void>;
}
