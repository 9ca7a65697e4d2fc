import { EventQueue } from '../../src/adapters/local-host/event-queue.ts';
import type { Host, HostEvent, HostRun } from '../../src/ports/host.ts';
import type { ManifestBatch, ManifestTask } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';

/** A host without processes or files: answers at once, and remembers what it was asked over all its runs. */
export class MemoryHost implements Host {
  readonly name = 'memory';
  /** Published results by run, then by task key; they outlive whoever handed the work over. */
  readonly results = new Map<string, Map<string, TaskResult>>();
  /** Task keys in the order in which they were asked. */
  readonly asked: string[] = [];
  readonly #answer: (task: ManifestTask) => string;

  constructor(answer: (task: ManifestTask) => string = (task) => `A long text about ${task.prompt}`) {
    this.#answer = answer;
  }

  async openRun(runId: string): Promise<HostRun> {
    const results = this.results.get(runId) ?? new Map<string, TaskResult>();
    this.results.set(runId, results);
    return new MemoryRun(results, (task) => {
      this.asked.push(task.task_key);
      return this.#answer(task);
    });
  }

  async stopRun(): Promise<void> {}
}

class MemoryRun implements HostRun {
  readonly #results: Map<string, TaskResult>;
  readonly #ask: (task: ManifestTask) => string;
  readonly #events = new EventQueue<HostEvent>();

  constructor(results: Map<string, TaskResult>, ask: (task: ManifestTask) => string) {
    this.#results = results;
    this.#ask = ask;
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    return new Set(this.#results.keys());
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    return this.#results.get(taskKey) ?? null;
  }

  async missingObjects(): Promise<ReadonlySet<string>> {
    return new Set();
  }

  async deliver(): Promise<void> {}

  async submit(batch: ManifestBatch): Promise<{ readonly workerId: number }> {
    for (const task of batch.tasks) {
      if (this.#results.has(task.task_key)) continue;
      const result = okResult(task, this.#ask(task));
      this.#results.set(task.task_key, result);
      this.#events.push({ type: 'task-finished', result });
    }
    return { workerId: 0 };
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    for (const key of taskKeys) this.#results.delete(key);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    signal.addEventListener('abort', () => this.#events.end(), { once: true });
    if (signal.aborted) this.#events.end();
    yield* this.#events;
  }

  async stop(): Promise<void> {}

  async close(): Promise<void> {}
}

function okResult(task: ManifestTask, text: string): TaskResult {
  return {
    version: 1,
    task_key: task.task_key,
    status: 'ok',
    text,
    frames_used: task.hint?.frames ?? 0,
    model: 'memory',
    usage: { prompt_tokens: null, completion_tokens: null },
    finish_reason: 'stop',
    attempts: 1,
    duration_ms: 1,
    finished_at: '2026-01-01T00:00:00.000Z',
    error: null,
  };
}
