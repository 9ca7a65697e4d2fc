/** A piece of work to be dealt. */
export interface DealtTask {
  readonly key: string;
  /** How much work it is, in any unit that is the same for all tasks of a run. */
  readonly size: number;
}

/** Tasks that no machine has: the largest first, and of equal ones the first that came. */
export class WaitingTasks {
  /** In order from `#head` on. */
  #tasks: DealtTask[] = [];
  #head = 0;
  readonly #keys = new Set<string>();

  get count(): number {
    return this.#tasks.length - this.#head;
  }

  get first(): DealtTask | undefined {
    return this.#tasks[this.#head];
  }

  add(task: DealtTask): void {
    let low = this.#head;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tasks[middle]?.size ?? 0) >= task.size) low = middle + 1;
      else high = middle;
    }
    if (low === this.#tasks.length) this.#tasks.push(task);
    else this.#tasks.splice(low, 0, task);
    this.#keys.add(task.key);
  }

  takeFirst(): DealtTask | undefined {
    const task = this.#tasks[this.#head];
    if (!task) return undefined;
    this.#head += 1;
    this.#keys.delete(task.key);
    // What was taken is dropped now and then, so that memory does not grow with what is done.
    if (this.#head > 1024 && this.#head * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head);
      this.#head = 0;
    }
    return task;
  }

  remove(key: string): void {
    if (!this.#keys.delete(key)) return;
    const at = this.#tasks.findIndex((task, index) => index >= this.#head && task.key === key);
    if (at >= 0) this.#tasks.splice(at, 1);
  }
}
