import { logStart } from '../../src/adapters/host-run/log-chunk.ts';
import { AsyncQueue } from '../../src/async/async-queue.ts';
import type { AppError } from '../../src/errors/app-error.ts';
import type { Host, HostEvent, HostRun, HostRunFacts, LogName, LogPart } from '../../src/ports/host.ts';
import type { ManifestTask, WorkBatch } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';
import { unreachableError } from './memory-upkeep.ts';

/** A host without processes or files: answers at once, and remembers what it was asked over all its runs. */
export class MemoryHost implements Host {
  readonly name = 'memory';
  /** Published results by run, then by task key; they outlive whoever handed the work over. */
  readonly results = new Map<string, Map<string, TaskResult>>();
  /** Task keys in the order in which they were asked. */
  readonly asked: string[] = [];
  /** What workers wrote, by run and worker: `run-1/0`. */
  readonly logs = new Map<string, string>();
  /** What is told of a run, where it is not simply what was answered. */
  readonly facts = new Map<string, HostRunFacts>();
  /** Thrown by every call while it is set, as for a host that is away. */
  trouble: AppError | null = null;
  /** So many answers are told before the connection is lost for good; the host itself goes on. Null loses none. */
  answersUntilLoss: number | null = null;
  readonly #answer: (task: ManifestTask) => string;

  constructor(answer: (task: ManifestTask) => string = (task) => `A long text about ${task.prompt}`) {
    this.#answer = answer;
  }

  async openRun(runId: string): Promise<HostRun> {
    this.#assertReachable();
    const results = this.results.get(runId) ?? new Map<string, TaskResult>();
    this.results.set(runId, results);
    const ask = (task: ManifestTask) => {
      this.asked.push(task.task_key);
      return this.#answer(task);
    };
    const isHeard = () => {
      if (this.answersUntilLoss === null) return true;
      return this.answersUntilLoss-- > 0;
    };
    return new MemoryRun(results, ask, isHeard);
  }

  async stopRun(): Promise<void> {
    this.#assertReachable();
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    this.#assertReachable();
    const finishedTasks = this.results.get(runId)?.size ?? 0;
    const state = finishedTasks > 0 ? 'finished' : 'unknown';
    return this.facts.get(runId) ?? { state, finishedTasks, totalTasks: finishedTasks };
  }

  /** Gives at most 100 bytes at once, so that readers must come again. */
  async readLog(runId: string, { workerId }: LogName, fromByte: number): Promise<LogPart | null> {
    this.#assertReachable();
    const log = this.logs.get(`${runId}/${workerId}`);
    if (log === undefined) return null;
    const start = logStart(fromByte, log.length);
    const text = log.slice(start, start + 100);
    return { text, firstByte: start, nextByte: start + text.length };
  }

  async close(): Promise<void> {}

  #assertReachable(): void {
    if (this.trouble) throw this.trouble;
  }
}

class MemoryRun implements HostRun {
  readonly #results: Map<string, TaskResult>;
  readonly #ask: (task: ManifestTask) => string;
  readonly #isHeard: () => boolean;
  readonly #events = new AsyncQueue<HostEvent>();

  constructor(results: Map<string, TaskResult>, ask: (task: ManifestTask) => string, isHeard: () => boolean) {
    this.#results = results;
    this.#ask = ask;
    this.#isHeard = isHeard;
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

  async downloadSegment(): Promise<void> {
    throw new TypeError('this host upscales nothing');
  }

  async dropSegments(): Promise<void> {}

  async submit(batch: WorkBatch): Promise<{ readonly workerId: number }> {
    for (const task of batch.tasks) {
      if ('clip' in task) throw new TypeError('this host upscales nothing');
      if (this.#results.has(task.task_key)) continue;
      const result = okResult(task, this.#ask(task));
      this.#results.set(task.task_key, result);
      if (this.#isHeard()) this.#events.push({ type: 'task-finished', result });
      else this.#lose();
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

  #lose(): void {
    this.#events.push({ type: 'unreachable', message: 'read ECONNRESET' });
    this.#events.end(unreachableError('read ECONNRESET'));
  }
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
