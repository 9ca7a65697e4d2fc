import { batchesOf, type Manifest, type WorkTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';

export interface QueueCounts {
  readonly totalTasks: number;
  readonly okTasks: number;
  readonly failedTasks: number;
  readonly totalBatches: number;
  readonly completedBatches: number;
}

type TaskState = 'queued' | 'running' | TaskResult['status'];

interface Entry {
  /** Without its prompt once it is done: of a million, that is most of the memory. */
  task: WorkTask;
  readonly order: number;
  readonly batches: number[];
  state: TaskState;
}

/** Every task this worker knows, what became of it, and which comes next. A task key is one task, however often it comes. */
export class TaskQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #openTasksOfBatch = new Map<number, number>();
  readonly #counts = { ok: 0, failed: 0, completedBatches: 0 };
  /** Waiting tasks; those before `#head` are gone. Tasks given back wait in front, in their first order. */
  #queue: Entry[] = [];
  #head = 0;
  #givenBack: Entry[] = [];
  #nextOrder = 0;

  /**
   * Takes a manifest's tasks in. Those without a result are queued unless they are queued or running already.
   *
   * @param finished - What is on the disk for this manifest's tasks.
   * @returns how many tasks were queued.
   */
  add(manifest: Manifest, finished: ReadonlyMap<string, TaskResult['status']>): number {
    let queued = 0;
    for (const batch of batchesOf(manifest)) {
      for (const task of batch.tasks) {
        const entry = this.#entryOf(task);
        this.#join(entry, batch.batch_id);
        if (entry.state === 'queued' || entry.state === 'running') continue;
        const state = finished.get(task.task_key) ?? 'queued';
        this.#move(entry, state);
        if (state !== 'queued') continue;
        entry.task = task;
        this.#queue.push(entry);
        queued += 1;
      }
    }
    return queued;
  }

  /** The next task, now running; null when none waits. */
  next(): WorkTask | null {
    const entry = this.#givenBack.shift() ?? this.#queue[this.#head++];
    if (!entry) {
      this.#queue = [];
      this.#head = 0;
      return null;
    }
    entry.state = 'running';
    return entry.task;
  }

  /** A running task that got no result waits again, before those that came after it. */
  giveBack(taskKey: string): void {
    const entry = this.#entries.get(taskKey);
    if (entry?.state !== 'running') return;
    entry.state = 'queued';
    this.#givenBack.push(entry);
    this.#givenBack.sort((a, b) => a.order - b.order);
  }

  /** Forgets those of these tasks that wait, as if they had never come. @returns those. */
  withdraw(taskKeys: readonly string[]): WorkTask[] {
    const withdrawn = new Set<Entry>();
    for (const key of taskKeys) {
      const entry = this.#entries.get(key);
      if (entry?.state !== 'queued') continue;
      this.#entries.delete(key);
      for (const batchId of entry.batches) this.#addOpen(batchId, -1);
      withdrawn.add(entry);
    }
    this.#queue = this.#queue.slice(this.#head).filter((entry) => !withdrawn.has(entry));
    this.#head = 0;
    this.#givenBack = this.#givenBack.filter((entry) => !withdrawn.has(entry));
    return [...withdrawn].map(({ task }) => task);
  }

  /** Every task there is, and whether it has a result. */
  *tasks(): Generator<{ readonly task: WorkTask; readonly isDone: boolean }> {
    for (const { task, state } of this.#entries.values()) yield { task, isDone: isDone(state) };
  }

  finish(taskKey: string, status: TaskResult['status']): void {
    const entry = this.#entries.get(taskKey);
    if (entry) this.#move(entry, status);
  }

  get hasWaiting(): boolean {
    return this.#givenBack.length > 0 || this.#head < this.#queue.length;
  }

  /** The first batch a task belongs to; null for an unknown task. */
  batchOf(taskKey: string): number | null {
    const [first] = this.#entries.get(taskKey)?.batches ?? [];
    return first ?? null;
  }

  counts(): QueueCounts {
    return {
      totalTasks: this.#entries.size,
      okTasks: this.#counts.ok,
      failedTasks: this.#counts.failed,
      totalBatches: this.#openTasksOfBatch.size,
      completedBatches: this.#counts.completedBatches,
    };
  }

  #entryOf(task: WorkTask): Entry {
    const known = this.#entries.get(task.task_key);
    if (known) return known;
    // A new task counts as failed until `add` says what it is, so that it enters its batch as not open.
    const entry: Entry = { task, order: this.#nextOrder++, batches: [], state: 'failed' };
    this.#counts.failed += 1;
    this.#entries.set(task.task_key, entry);
    return entry;
  }

  #join(entry: Entry, batchId: number): void {
    if (entry.batches.includes(batchId)) return;
    entry.batches.push(batchId);
    if (!this.#openTasksOfBatch.has(batchId)) {
      this.#openTasksOfBatch.set(batchId, 0);
      this.#counts.completedBatches += 1;
    }
    if (!isDone(entry.state)) this.#addOpen(batchId, 1);
  }

  #move(entry: Entry, state: TaskState): void {
    const before = entry.state;
    entry.state = state;
    if (isDone(state) && 'prompt' in entry.task) entry.task = { ...entry.task, prompt: '' };
    if (before === 'ok' || before === 'failed') this.#counts[before] -= 1;
    if (state === 'ok' || state === 'failed') this.#counts[state] += 1;
    const opened = Number(isDone(before)) - Number(isDone(state));
    if (opened !== 0) for (const batchId of entry.batches) this.#addOpen(batchId, opened);
  }

  #addOpen(batchId: number, change: number): void {
    const before = this.#openTasksOfBatch.get(batchId) ?? 0;
    const after = before + change;
    this.#openTasksOfBatch.set(batchId, after);
    if (before === 0 && after > 0) this.#counts.completedBatches -= 1;
    if (before > 0 && after === 0) this.#counts.completedBatches += 1;
  }
}

function isDone(state: TaskState): boolean {
  return state === 'ok' || state === 'failed';
}
