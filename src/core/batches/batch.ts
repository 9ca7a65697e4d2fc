/** A task as far as grouping goes; `tokens` is its whole budget, output included. */
export interface TaskSize {
  readonly id: number;
  readonly tokens: number;
}

/** Inclusive bounds of one batch, each at least 1. */
export interface BatchLimits {
  readonly maxTasks: number;
  readonly maxTokens: number;
}

/** Tasks that are checkpointed together, in the order of the input. */
export interface Batch {
  /** Position among the batches, from 0. */
  readonly batchId: number;
  readonly totalTokens: number;
  readonly taskIds: readonly number[];
}
