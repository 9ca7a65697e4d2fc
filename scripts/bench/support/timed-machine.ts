import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../../../src/async/abort.ts';
import { AsyncQueue } from '../../../src/async/queues.ts';
import type { HostEvent, Machine, MachineRun } from '../../../src/ports/host.ts';
import type { WorkBatch, WorkTask } from '../../../src/protocol/manifest.ts';
import type { SegmentTask, UpscalerSpec } from '../../../src/protocol/segment.ts';
import type { TaskResult } from '../../../src/protocol/task-result.ts';
import { okResult } from '../../../test/support/memory-host.ts';

const made = 'a segment';
const sha256 = createHash('sha256').update(made).digest('hex');
const noHash = '0'.repeat(64);

/**
 * A machine whose segments take a fixed time each, one after the other, and no processor: as many of them as one likes are
 * as fast on two cores as each on its own.
 */
export class TimedMachine implements Machine {
  readonly name: string;
  readonly #taskMs: number;
  readonly #results = new Map<string, TaskResult>();
  readonly #heard = new Set<AsyncQueue<HostEvent>>();
  /** What happened while nobody listened. */
  readonly #untold: HostEvent[] = [];
  #waiting: WorkTask[] = [];
  #current: WorkTask | null = null;

  constructor(name: string, taskMs: number) {
    this.name = name;
    this.#taskMs = taskMs;
  }

  async openRun(): Promise<MachineRun> {
    return {
      finishedKeys: async () => new Set(this.#results.keys()),
      result: async (key) => this.#results.get(key) ?? null,
      missingObjects: async () => new Set(),
      deliver: async () => undefined,
      submit: async (batch) => this.#submit(batch),
      submittedKeys: async () => new Set([...this.#results.keys(), ...this.#keys()]),
      withdraw: async (keys) => this.#withdraw(new Set(keys)),
      allSubmitted: async () => undefined,
      downloadOutput: async (_key, _facts, path) => {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, made);
      },
      dropOutputs: async () => undefined,
      forget: async (keys) => {
        for (const key of keys) this.#results.delete(key);
      },
      watch: (signal) => this.#watch(signal),
      stop: async () => void this.#withdraw(new Set(this.#keys())),
      close: async () => undefined,
    };
  }

  async stopRun(): Promise<void> {
    this.#waiting = [];
  }

  async lookUp() {
    return { state: 'running', finishedTasks: this.#results.size, totalTasks: this.#results.size } as const;
  }

  async readLog(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {}

  #keys(): readonly string[] {
    return [...(this.#current ? [this.#current] : []), ...this.#waiting].map(({ task_key: key }) => key);
  }

  #submit({ tasks }: WorkBatch): { readonly workerId: number } {
    const known = new Set([...this.#results.keys(), ...this.#keys()]);
    this.#waiting.push(...tasks.filter(({ task_key: key }) => !known.has(key)));
    void this.#workOn();
    return { workerId: 0 };
  }

  #withdraw(keys: ReadonlySet<string>): ReadonlySet<string> {
    const [kept, gone] = [false, true].map((isGone) =>
      this.#waiting.filter(({ task_key: key }) => keys.has(key) === isGone),
    );
    this.#waiting = kept ?? [];
    return new Set(gone?.map(({ task_key: key }) => key));
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const events = new AsyncQueue<HostEvent>();
    const stopListening = onAbort(signal, () => events.end());
    for (const event of this.#untold.splice(0)) events.push(event);
    this.#heard.add(events);
    try {
      yield* events;
    } finally {
      this.#heard.delete(events);
      stopListening();
    }
  }

  async #workOn(): Promise<void> {
    if (this.#current !== null) return;
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
      this.#current = task;
      this.#tell({ type: 'task-started', taskKey: task.task_key });
      await delay(this.#taskMs);
      const result = { ...okResult(task, ''), text: null, duration_ms: this.#taskMs, segment };
      this.#results.set(task.task_key, result);
      this.#current = null;
      this.#tell({ type: 'task-finished', result });
    }
  }

  #tell(event: HostEvent): void {
    if (this.#heard.size === 0) this.#untold.push(event);
    for (const heard of this.#heard) heard.push(event);
  }
}

const segment = {
  ...{ sha256, size_bytes: made.length, frames: 48, unique_frames: 48, width: 128, height: 72 },
  ...{ stages_ms: { decode: 1, upscale: 1, encode: 1 }, batch_size: 8, tile: 0, lanes: 1 },
};

/** Segments of one video, which no engine sees. */
export function timedTasks(count: number): readonly SegmentTask[] {
  const [frame, target] = [64, 128].map((width) => ({
    ...{ width, height: (9 * width) / 16, pixel_format: 'yuv420p' },
  })) as [SegmentTask['clip']['frame'], SegmentTask['clip']['target']];
  const one = { numerator: 1, denominator: 1 };
  const clip = {
    ...{ source: noHash, stream: 0, is_turned: false, frame, target, sample_aspect: one, frame_rate: one },
    time_base: one,
    color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
  };
  return Array.from({ length: count }, (_, at) => ({
    ...{ task_key: createHash('sha256').update(`segment ${at}`).digest('hex'), name: `segment ${at}` },
    ...{ segment_id: at, first_batch: 6 * at, clip, seek_time: null, first_time: null, end_time: null },
    repeats: Array.from({ length: 48 }, () => 1),
  }));
}

export const timedEngine: UpscalerSpec = {
  ...{ kind: 'lanczos', scale: 2, batch_size: 8, lanes: 1, is_lane_count_open: false, tile: 0, model: null },
  encoding: { crf: 18, preset: 'ultrafast', threads: 1, is_cpu_independent: true },
};
