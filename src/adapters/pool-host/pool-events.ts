import { onAbort } from '../../async/abort.ts';
import { AsyncQueue } from '../../async/queues.ts';
import type { HostEvent } from '../../ports/host.ts';

/** Events that wait for a watcher: of more, what only tells how things stand is left out. */
const mostWaiting = 1_000;

/** Tells all who watch a run; who comes later is told how things stand. */
export class PoolEvents {
  readonly #watchers = new Set<AsyncQueue<HostEvent>>();
  /** The last of each worker and each machine. */
  readonly #standing = new Map<string, HostEvent>();
  /** Results that came while no client watched, by key. */
  readonly #unseen = new Set<string>();
  #ended: { readonly error: unknown } | null = null;

  emit(event: HostEvent): void {
    if (event.type === 'worker-status') this.#standing.set(`worker ${event.status.worker_id}`, event);
    if (event.type === 'machine-changed') this.#standing.set(`machine ${event.machine}`, event);
    if (event.type === 'task-finished' && this.#watchers.size === 0) this.#unseen.add(event.result.task_key);
    const isPassing = event.type === 'worker-status' || event.type === 'task-progress';
    for (const watcher of this.#watchers)
      if (!isPassing || watcher.waitingCount < mostWaiting) watcher.push(event);
  }

  /** Whether a machine stands otherwise than was told last. */
  isNews(change: Extract<HostEvent, { type: 'machine-changed' }>): boolean {
    return JSON.stringify(this.#standing.get(`machine ${change.machine}`)) !== JSON.stringify(change);
  }

  /** The caller knows of these results. */
  seen(taskKeys: Iterable<string>): void {
    for (const key of taskKeys) this.#unseen.delete(key);
  }

  end(error: unknown): void {
    this.#ended ??= { error };
    for (const watcher of this.#watchers) watcher.end(error);
  }

  /** @param finished - Reads a result that no client has seen. */
  async *watch(
    signal: AbortSignal,
    finished: (key: string) => Promise<HostEvent | null>,
  ): AsyncGenerator<HostEvent> {
    const queue = new AsyncQueue<HostEvent>();
    const stopListening = onAbort(signal, () => queue.end());
    for (const event of this.#standing.values()) queue.push(event);
    this.#watchers.add(queue);
    if (this.#ended) queue.end(this.#ended.error);
    const unseen = [...this.#unseen];
    this.#unseen.clear();
    const catchUp = async () => {
      for (const key of unseen) {
        const event = await finished(key);
        if (event) queue.push(event);
      }
    };
    catchUp().catch((error: unknown) => queue.end(error));
    try {
      yield* queue;
    } finally {
      this.#watchers.delete(queue);
      stopListening();
    }
  }
}
