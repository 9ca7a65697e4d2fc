import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasContent } from '../../src/adapters/files/hash-file.ts';
import { logStart } from '../../src/adapters/host-run/read-log-part.ts';
import { AsyncQueue } from '../../src/async/queues.ts';
import { AppError } from '../../src/errors/app-error.ts';
import type { HostEvent, HostRunFacts, LogName, LogPart, Machine, MachineRun } from '../../src/ports/host.ts';
import type { ManifestTask, WorkBatch, WorkEngine, WorkTask } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';
import { makeClip } from './clips.ts';
import { unreachableError } from './memory-upkeep.ts';

/** What the workers of a memory host do. */
export interface MemoryWork {
  perform(task: WorkTask): TaskResult | Promise<TaskResult>;
  /** Where the file lies that a result tells of. */
  fileOf?(taskKey: string): string;
}

/** The files of a run as a memory host has them. */
class StoredWork {
  readonly results = new Map<string, TaskResult>();
  /** Who does them. */
  engine: WorkEngine | null = null;
  /** Submitted tasks that no worker has begun. */
  queue: WorkTask[] = [];
  /** Keys of results whose file is no longer there. */
  readonly dropped = new Set<string>();
  /** What the process hears that has the run open. */
  listener: AsyncQueue<HostEvent> | null = null;
}

/** A host without processes or files. It works inside of `submit`, and remembers what it was asked over all its runs. */
export class MemoryHost implements Machine {
  readonly name = 'memory';
  /** Task keys in the order in which workers began with them. */
  readonly asked: string[] = [];
  /** Runs that it was told to stop, while no process had them open. */
  readonly stopped: string[] = [];
  /** What workers wrote, by run and worker: `run-1/0`. */
  readonly logs = new Map<string, string>();
  /** What is told of a run, where it is not simply what was answered. */
  readonly facts = new Map<string, HostRunFacts>();
  /** Thrown by every call while it is set, as for a host that cannot be reached. */
  failure: AppError | null = null;
  /** So many results are told before the connection is lost for good; the host itself goes on. Null loses none. */
  answersUntilLoss: number | null = null;
  /** So many of the next tasks fail. */
  failuresToCome = 0;
  /** So many more tasks are begun. The others wait for `proceed`. */
  #tasksUntilPause = Number.POSITIVE_INFINITY;
  readonly #runs = new Map<string, StoredWork>();
  readonly #work: MemoryWork;

  constructor(work: MemoryWork = promptWork()) {
    this.#work = work;
  }

  /** Lets the workers begin with so many more tasks, and then no others. */
  pauseAfter(tasks: number): void {
    this.#tasksUntilPause = tasks;
  }

  /** Lets the workers do all that waits and all that comes, whether a process listens or not. */
  async proceed(): Promise<void> {
    this.#tasksUntilPause = Number.POSITIVE_INFINITY;
    for (const run of this.#runs.values()) await this.#workOn(run);
  }

  async openRun(runId: string): Promise<MachineRun> {
    this.#assertReachable();
    const run = this.#runs.get(runId) ?? new StoredWork();
    this.#runs.set(runId, run);
    return new MemoryRun(run, this.#work, () => this.#workOn(run));
  }

  async stopRun(runId: string): Promise<void> {
    this.#assertReachable();
    this.stopped.push(runId);
    const run = this.#runs.get(runId);
    if (run) run.queue = [];
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    this.#assertReachable();
    const finishedTasks = this.#runs.get(runId)?.results.size ?? 0;
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
    if (this.failure) throw this.failure;
  }

  async #workOn(run: StoredWork): Promise<void> {
    while (this.#tasksUntilPause > 0) {
      const task = run.queue.shift();
      if (!task) return;
      this.#tasksUntilPause -= 1;
      this.asked.push(task.task_key);
      const made = this.failuresToCome-- > 0 ? failedResult(task) : await this.#work.perform(task);
      const result = made.model === ownModel ? { ...made, model: modelOf(run.engine) } : made;
      run.results.set(task.task_key, result);
      this.#announce(run, result);
    }
  }

  #announce({ listener }: StoredWork, result: TaskResult): void {
    if (this.answersUntilLoss === null || this.answersUntilLoss-- > 0) {
      listener?.push({ type: 'task-finished', result });
      return;
    }
    listener?.push({ type: 'unreachable', message: 'read ECONNRESET' });
    listener?.end(unreachableError('read ECONNRESET'));
  }
}

class MemoryRun implements MachineRun {
  readonly #run: StoredWork;
  readonly #work: MemoryWork;
  readonly #workOn: () => Promise<void>;
  readonly #events = new AsyncQueue<HostEvent>();

  constructor(run: StoredWork, work: MemoryWork, workOn: () => Promise<void>) {
    this.#run = run;
    this.#work = work;
    this.#workOn = workOn;
    run.listener = this.#events;
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    return new Set(this.#run.results.keys());
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    return this.#run.results.get(taskKey) ?? null;
  }

  async missingObjects(): Promise<ReadonlySet<string>> {
    return new Set();
  }

  async deliver(): Promise<void> {}

  async downloadOutput(taskKey: string, { sha256 }: { sha256: string }, path: string): Promise<void> {
    if (await hasContent(path, sha256)) return;
    const source = this.#run.dropped.has(taskKey) ? undefined : this.#work.fileOf?.(taskKey);
    if (source === undefined) throw new AppError({ code: 'worker-failed', message: 'The file is gone.' });
    await mkdir(dirname(path), { recursive: true });
    await copyFile(source, path);
  }

  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    for (const key of taskKeys) this.#run.dropped.add(key);
  }

  async submit({ tasks }: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: number }> {
    const { results, queue } = this.#run;
    this.#run.engine = engine;
    const known = new Set([...results.keys(), ...queue.map(({ task_key: key }) => key)]);
    queue.push(...tasks.filter(({ task_key: key }) => !known.has(key)));
    await this.#workOn();
    return { workerId: 0 };
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const waiting = this.#run.queue.filter(({ task_key: key }) => taskKeys.includes(key));
    this.#run.queue = this.#run.queue.filter((task) => !waiting.includes(task));
    return new Set(waiting.map(({ task_key: key }) => key));
  }

  async submittedKeys(): Promise<ReadonlySet<string>> {
    const { results, queue } = this.#run;
    return new Set([...results.keys(), ...queue.map(({ task_key: key }) => key)]);
  }

  async allSubmitted(): Promise<void> {}

  async forget(taskKeys: readonly string[]): Promise<void> {
    for (const key of taskKeys) this.#run.results.delete(key);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    signal.addEventListener('abort', () => this.#events.end(), { once: true });
    if (signal.aborted) this.#events.end();
    yield* this.#events;
  }

  async stop(): Promise<void> {
    this.#run.queue = [];
  }

  async close(): Promise<void> {
    if (this.#run.listener === this.#events) this.#run.listener = null;
  }
}

/** What a result says that does not say which model made it. */
const ownModel = 'memory';

/** The embedded engine is named as it was asked for. */
function modelOf(engine: WorkEngine | null): string {
  return engine && 'kind' in engine && engine.kind === 'describe' && 'model' in engine
    ? (engine.model ?? ownModel)
    : ownModel;
}

/** The work of enriching prompts. */
export function promptWork(
  answer: (task: ManifestTask) => string = ({ prompt }) => `A long text about ${prompt}`,
): MemoryWork {
  return {
    perform: (task) => {
      if (!('hint' in task)) throw new TypeError('this host only enriches prompts');
      return { ...okResult(task, answer(task)), frames_used: task.hint?.frames ?? 0 };
    },
  };
}

/** The work of making videos: short clips that say which prompt they are of. @param folder - Where they lie. */
export function videoWork(folder: string): MemoryWork {
  const fileOf = (key: string) => join(folder, 'made', `${key}.mp4`);
  return {
    fileOf,
    perform: async (task) => {
      if (!('parameters' in task)) throw new TypeError('this host only makes videos');
      const size = { width: 64, height: 36, frames: 6, fps: 24 };
      const path = fileOf(task.task_key);
      await makeClip(path, size);
      // What a player takes for free space tells one prompt's video from another's.
      await appendFile(path, freeBox(`a video of: ${task.prompt}`));
      const content = await readFile(path);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const video = {
        ...{ sha256, size_bytes: content.byteLength, ...size },
        ...{ controls: [], guardrails: 'on' as const },
      };
      return { ...okResult(task, ''), text: null, video };
    },
  };
}

function freeBox(text: string): Buffer {
  const content = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.byteLength);
  head.write('free', 4);
  return Buffer.concat([head, content]);
}

/** A good result with this text. */
export function okResult({ task_key: key }: Pick<WorkTask, 'task_key'>, text: string): TaskResult {
  return {
    version: 1,
    task_key: key,
    status: 'ok',
    text,
    frames_used: 0,
    model: ownModel,
    usage: { prompt_tokens: null, completion_tokens: null },
    finish_reason: 'stop',
    attempts: 1,
    duration_ms: 1,
    finished_at: '2026-01-01T00:00:00.000Z',
    error: null,
  };
}

function failedResult(task: WorkTask): TaskResult {
  const error = { code: 'engine-failed', message: 'Out of luck.', is_retryable: false } as const;
  return { ...okResult(task, ''), status: 'failed', text: null, finish_reason: null, error };
}
