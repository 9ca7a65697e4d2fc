import type { BatchLimits } from './batch.ts';

/** Cuts the order into chunks: a batch is closed as soon as the next task does not fit. */
export function inOrder(
  indexes: readonly number[],
  tokens: readonly number[],
  limits: BatchLimits,
): number[][] {
  const batches: number[][] = [];
  let open: number[] = [];
  let openTokens = 0;
  for (const index of indexes) {
    const size = tokens[index] ?? 0;
    if (open.length === 0 || open.length === limits.maxTasks || openTokens + size > limits.maxTokens) {
      open = [];
      openTokens = 0;
      batches.push(open);
    }
    open.push(index);
    openTokens += size;
  }
  return batches;
}
