import type { TaskResult } from '../protocol/task-result.ts';

/** Answers of earlier runs by task key. Losing any of it costs time, never correctness. */
export interface ResultCache {
  get(taskKey: string): Promise<TaskResult | null>;
  put(result: TaskResult): Promise<void>;
}
