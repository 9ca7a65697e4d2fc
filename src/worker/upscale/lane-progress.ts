import type { SegmentTask } from '../../protocol/segment.ts';

/** What is counted of a segment. */
type Counted = Pick<SegmentTask, 'task_key' | 'first_batch' | 'repeats'>;

interface Entry {
  readonly firstBatch: number;
  readonly batches: number;
  /** Batches that are done, by lane. */
  readonly done: number[];
}

/** How many batches each lane has, and has done, over all segments that this worker was given. */
export class LaneProgress {
  readonly #lanes: number;
  readonly #batchSize: number;
  readonly #entries = new Map<string, Entry>();
  readonly #totals: number[];
  readonly #completed: number[];

  constructor(lanes: number, batchSize: number) {
    this.#lanes = lanes;
    this.#batchSize = batchSize;
    this.#totals = new Array<number>(lanes).fill(0);
    this.#completed = new Array<number>(lanes).fill(0);
  }

  /** A segment is to come; one that is known already is not counted twice. */
  expect(task: Counted): void {
    if (this.#entries.has(task.task_key)) return;
    const batches = Math.ceil(task.repeats.length / this.#batchSize);
    const entry = { firstBatch: task.first_batch, batches, done: new Array<number>(this.#lanes).fill(0) };
    this.#entries.set(task.task_key, entry);
    for (let lane = 0; lane < this.#lanes; lane += 1) add(this.#totals, lane, this.#shareOf(entry, lane));
  }

  /** A segment begins, or begins again: nothing of it is done. */
  begin(task: Counted): void {
    this.expect(task);
    this.#setDone(task.task_key, () => 0);
  }

  /** A segment is done, whoever did it. */
  finish(task: Counted): void {
    this.expect(task);
    this.#setDone(task.task_key, (entry, lane) => this.#shareOf(entry, lane));
  }

  batchDone(taskKey: string, batch: number): void {
    const entry = this.#entries.get(taskKey);
    if (!entry) return;
    add(entry.done, batch % this.#lanes, 1);
    add(this.#completed, batch % this.#lanes, 1);
  }

  countsOf(lane: number): { readonly total: number; readonly completed: number } {
    return { total: this.#totals[lane] ?? 0, completed: this.#completed[lane] ?? 0 };
  }

  #setDone(taskKey: string, doneOf: (entry: Entry, lane: number) => number): void {
    const entry = this.#entries.get(taskKey);
    for (let lane = 0; entry && lane < this.#lanes; lane += 1) {
      const done = doneOf(entry, lane);
      add(this.#completed, lane, done - (entry.done[lane] ?? 0));
      entry.done[lane] = done;
    }
  }

  /** How many batches of a segment are this lane's. */
  #shareOf({ firstBatch, batches }: Entry, lane: number): number {
    const upTo = (end: number) => Math.floor((end - 1 - lane) / this.#lanes) + 1;
    return upTo(firstBatch + batches) - upTo(firstBatch);
  }
}

function add(counts: number[], lane: number, count: number): void {
  counts[lane] = (counts[lane] ?? 0) + count;
}
