import type { Batch, BatchLimits, TaskSize } from './batch.ts';
import { firstFit } from './first-fit.ts';
import { inOrder } from './in-order.ts';
import { spreadEvenly } from './spread-evenly.ts';

/** Even packings are tried for this many numbers of batches above the lower bound. */
const maxEvenAttempts = 4;

/**
 * Groups tasks into few batches that keep both limits; a task that alone is over `maxTokens` gets a batch of its
 * own. The same input gives the same batches, sorted by their first task.
 *
 * Fewest batches win; among equals, the way that stays closest to the input's order: cutting it into chunks, filling
 * the first batch with room, the same with large tasks first, and spreading large and small ones evenly.
 * Takes O(n log n).
 */
export function groupBatches(tasks: readonly TaskSize[], limits: BatchLimits): readonly Batch[] {
  const oversized = tasks.flatMap((task, index) => (task.tokens > limits.maxTokens ? [index] : []));
  const indexes = tasks.flatMap((task, index) => (task.tokens > limits.maxTokens ? [] : [index]));
  const tokens = tasks.map((task) => task.tokens);
  return [...oversized.map((index) => [index]), ...pack(indexes, tokens, limits)]
    .map((members) => members.sort((a, b) => a - b))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
    .map((members, batchId) => ({
      batchId,
      totalTokens: sumOf(members, tokens),
      taskIds: members.flatMap((index) => tasks[index]?.id ?? []),
    }));
}

/** No grouping of tasks that each fit has fewer batches. */
export function fewestBatches(tokens: readonly number[], limits: BatchLimits): number {
  const sum = tokens.reduce((total, each) => total + each, 0);
  const moreThanHalf = tokens.filter((each) => each > limits.maxTokens / 2).length;
  return Math.max(
    Math.ceil(tokens.length / limits.maxTasks),
    Math.ceil(sum / limits.maxTokens),
    moreThanHalf,
  );
}

function pack(indexes: readonly number[], tokens: readonly number[], limits: BatchLimits): number[][] {
  const fewest = fewestBatches(
    indexes.map((index) => tokens[index] ?? 0),
    limits,
  );
  const largestFirst = indexes.toSorted((a, b) => (tokens[b] ?? 0) - (tokens[a] ?? 0));
  let best = inOrder(indexes, tokens, limits);
  for (const order of [indexes, largestFirst]) {
    if (best.length <= fewest) return best;
    const packed = firstFit(order, tokens, limits);
    if (packed.length < best.length) best = packed;
  }
  for (let count = fewest; count < Math.min(best.length, fewest + maxEvenAttempts); count++) {
    const spread = spreadEvenly(largestFirst, tokens, limits, count);
    if (spread) return spread;
  }
  return best;
}

function sumOf(members: readonly number[], tokens: readonly number[]): number {
  return members.reduce((sum, index) => sum + (tokens[index] ?? 0), 0);
}
