import type { BatchLimits } from './batch.ts';

/**
 * Spreads tasks, largest first, over exactly `count` batches, each into the one that has the fewest tokens and still
 * takes tasks. Where the number of tasks is what binds, this finds packings that first-fit misses, because it
 * lets no batch fill up with small tasks. Null when it does not work out.
 */
export function spreadEvenly(
  largestFirst: readonly number[],
  tokens: readonly number[],
  limits: BatchLimits,
  count: number,
): number[][] | null {
  const heap: OpenBatch[] = Array.from({ length: count }, () => ({ members: [], tokens: 0 }));
  const batches = heap.map((batch) => batch.members);
  for (const index of largestFirst) {
    const lightest = heap[0];
    const size = tokens[index] ?? 0;
    if (!lightest || lightest.tokens + size > limits.maxTokens) return null;
    lightest.members.push(index);
    lightest.tokens += size;
    if (lightest.members.length === limits.maxTasks) removeTop(heap);
    else siftDown(heap);
  }
  return batches.filter((members) => members.length > 0);
}

interface OpenBatch {
  readonly members: number[];
  tokens: number;
}

function removeTop(heap: OpenBatch[]): void {
  const last = heap.pop();
  if (last && heap.length > 0) {
    heap[0] = last;
    siftDown(heap);
  }
}

/** Lets the top of a heap whose lightest batch was on top sink to its place. */
function siftDown(heap: OpenBatch[]): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    let lightest = at;
    if (isLighter(heap[left], heap[lightest])) lightest = left;
    if (isLighter(heap[right], heap[lightest])) lightest = right;
    const [upper, lower] = [heap[at], heap[lightest]];
    if (lightest === at || !upper || !lower) return;
    heap[at] = lower;
    heap[lightest] = upper;
    at = lightest;
  }
}

/** Fewer tokens; of as many, fewer tasks. */
function isLighter(a: OpenBatch | undefined, b: OpenBatch | undefined): boolean {
  if (!a || !b) return false;
  return a.tokens < b.tokens || (a.tokens === b.tokens && a.members.length < b.members.length);
}
