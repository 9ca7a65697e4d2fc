import type { TaskResult } from '../protocol/task-result.ts';

/**
 * Answers of earlier runs by task key. Losing any of it costs time, never correctness: what cannot be read is not
 * there, and what cannot be written is not kept.
 */
export interface ResultCache {
  get(taskKey: string): Promise<TaskResult | null>;
  put(result: TaskResult): Promise<void>;
}
