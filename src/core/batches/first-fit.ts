import type { BatchLimits } from './batch.ts';

/**
 * Puts each task, in the order given, into the first batch that has room for it. A tree of the largest room below
 * each node finds that batch in O(log n).
 */
export function firstFit(
  order: readonly number[],
  tokens: readonly number[],
  limits: BatchLimits,
): number[][] {
  const rooms = new RoomTree(order.length, limits.maxTokens);
  const batches: number[][] = [];
  for (const index of order) {
    const size = tokens[index] ?? 0;
    const at = rooms.firstWithRoom(size);
    const batch = batches[at] ?? [];
    if (batch.length === 0) batches.push(batch);
    batch.push(index);
    rooms.take(at, batch.length === limits.maxTasks ? Infinity : size);
  }
  return batches;
}

/** The tokens that `count` batches have left, in a heap-shaped tree whose nodes hold the largest below them. */
class RoomTree {
  readonly #leaves: number;
  readonly #largest: Float64Array;

  constructor(count: number, room: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, count)));
    this.#largest = new Float64Array(2 * this.#leaves).fill(room);
  }

  /** The first batch with at least that room. There always is one: each task could have a batch of its own. */
  firstWithRoom(size: number): number {
    let node = 1;
    while (node < this.#leaves) {
      node *= 2;
      if (this.#at(node) < size) node++;
    }
    return node - this.#leaves;
  }

  take(batch: number, size: number): void {
    let node = batch + this.#leaves;
    this.#largest[node] = this.#at(node) - size;
    for (node >>= 1; node >= 1; node >>= 1) {
      this.#largest[node] = Math.max(this.#at(2 * node), this.#at(2 * node + 1));
    }
  }

  #at(node: number): number {
    return this.#largest[node] ?? 0;
  }
}
