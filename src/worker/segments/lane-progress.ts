import { batchesOfLane, countBatches } from '../../core/frames/batches.ts';
import { canaryName, ownFrames, type SegmentTask } from '../../protocol/segment.ts';

type Counted = Pick<SegmentTask, 'task_key' | 'first_batch' | 'repeats' | 'context'> &
  Partial<Pick<SegmentTask, 'name'>>;

interface Entry {
  readonly firstBatch: number;
  readonly batches: number;
  /** Batches that are done, by lane; null when all are. */
  done: number[] | null;
}

/** How many batches each lane has, and has done, over all segments that this worker was given. */
export class LaneProgress {
  readonly #lanes: number;
  readonly #batchSize: number;
  readonly #entries = new Map<string, Entry>();

  constructor(lanes: number, batchSize: number) {
    this.#lanes = lanes;
    this.#batchSize = batchSize;
  }

  /** A segment is to come; a known one is not counted twice. */
  expect(task: Counted): Entry {
    const known = this.#entries.get(task.task_key);
    if (known) return known;
    // The canary is no part of the video.
    const { first, end } = ownFrames(task);
    const batches = task.name === canaryName ? 0 : countBatches(end - first, this.#batchSize);
    const entry = { firstBatch: task.first_batch, batches, done: this.#nothingDone() };
    this.#entries.set(task.task_key, entry);
    return entry;
  }

  /** A segment begins, or begins again: nothing of it is done. */
  begin(task: Counted): void {
    this.expect(task).done = this.#nothingDone();
  }

  /** A segment is done, by this worker or another. */
  finish(task: Counted): void {
    this.expect(task).done = null;
  }

  batchDone(taskKey: string, batch: number): void {
    const { done = null, batches = 0 } = this.#entries.get(taskKey) ?? {};
    const lane = batch % this.#lanes;
    if (done && batches > 0) done[lane] = (done[lane] ?? 0) + 1;
  }

  countsOf(lane: number): { readonly total: number; readonly completed: number } {
    let total = 0;
    let completed = 0;
    for (const entry of this.#entries.values()) {
      const { firstBatch, batches } = entry;
      const share = batchesOfLane(lane, this.#lanes, firstBatch, firstBatch + batches);
      total += share;
      completed += entry.done ? (entry.done[lane] ?? 0) : share;
    }
    return { total, completed };
  }

  #nothingDone(): number[] {
    return new Array<number>(this.#lanes).fill(0);
  }
}
