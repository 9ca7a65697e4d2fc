import type { Host, HostEvent, HostRun } from '../../../src/ports/host.ts';
import type { EngineSpec } from '../../../src/protocol/manifest.ts';
import type { TaskResult } from '../../../src/protocol/task-result.ts';
import { waitFor } from '../wait-for.ts';

/** What the contract of a host needs of one that is to be tested. */
export interface HostBench extends AsyncDisposable {
  /** A new object for the same machine, as another process would have it. */
  createHost(): Host;
  /** An engine that the host's workers can reach; it works on two prompts at once and takes some time for each. */
  readonly engine: EngineSpec;
  /** A batch gets its worker only when one is free: nobody can say which one, nor that it stays the same. */
  readonly decidesLater?: boolean;
  /** How often the engine was asked for a prompt so far. */
  asksFor(prompt: string): number;
  /** Has the engine answer only so many more prompts, those that wait first; it takes the others in, and holds them. */
  hold(answers: number): void;
  /** Has it answer all. */
  release(): void;
  /** Ends a worker as a crash would. */
  killWorker(runId: string, workerId: number): Promise<void>;
  /** Ends a worker, and sees to it that it cannot be started again until it is mended. */
  ruinWorker(runId: string, workerId: number): Promise<{ mend(): Promise<void> }>;
}

/** Listens to a run and remembers what it is told. */
export class Listener implements AsyncDisposable {
  readonly events: HostEvent[] = [];
  readonly results = new Map<string, TaskResult>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #error: unknown = null;

  constructor(run: HostRun) {
    this.#done = this.#listen(run).catch((error: unknown) => {
      this.#error = error;
    });
  }

  /** Waits until so many results were told; throws what the watch threw. */
  async until(count: number, timeoutMs?: number): Promise<void> {
    await waitFor(() => this.#error !== null || this.results.size >= count, timeoutMs);
    if (this.#error !== null) throw this.#error;
  }

  /** Start time of a worker, by which one process is told from the next. */
  async startOf(workerId: number): Promise<string> {
    const find = () =>
      this.events.findLast((event) => event.type === 'worker-status' && event.status.worker_id === workerId);
    await waitFor(() => find() !== undefined);
    const event = find();
    return event?.type === 'worker-status' ? event.status.start_time : '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #listen(run: HostRun): Promise<void> {
    for await (const event of run.watch(this.#stop.signal)) {
      this.events.push(event);
      if (event.type === 'task-finished') this.results.set(event.result.task_key, event.result);
    }
  }
}
