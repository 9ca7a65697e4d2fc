import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileStore } from '../../src/adapters/files/local-file-store.ts';
import { FfmpegFrameTool } from '../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegPictureTool } from '../../src/adapters/frames/ffmpeg-picture-tool.ts';
import { FfmpegMediaTool } from '../../src/adapters/media/ffmpeg-media-tool.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { layout } from '../../src/protocol/layout.ts';
import type { EngineSpec, Manifest, ManifestTask } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';
import { createKinds } from '../../src/worker/kinds.ts';
import type { ModelServerLimits } from '../../src/worker/model-server/limits.ts';
import { ModelServers } from '../../src/worker/model-server/model-servers.ts';
import { Worker } from '../../src/worker/tasks/worker.ts';
import { sampleEngine } from './sample-work.ts';
import { waitFor } from './wait-for.ts';

const program = join(import.meta.dirname, 'stand-in/bin/vllm.js');
const quick: Partial<ModelServerLimits> = { restart: { baseDelayMs: 20, maxDelayMs: 40 }, hungMs: 500 };

/** One line of the stand-in's journal. */
export interface JournalLine {
  readonly event: 'start' | 'ask';
  readonly pid: number;
  readonly model?: string;
  readonly port?: number;
  readonly text?: string;
}

/** A slot's model servers with stand-ins for vLLM as real processes, and workers of this process that use them. */
export class ServedRig {
  readonly root = mkdtempSync(join(tmpdir(), 'ces-'));
  readonly store = new LocalFileStore(this.root);
  readonly logPath = join(this.root, layout.engineLog(0));
  readonly servers: ModelServers;
  readonly log: string[] = [];
  readonly #journal = join(this.root, 'journal.jsonl');
  readonly #workers: Worker[] = [];

  constructor(environment: Readonly<Record<string, string>> = {}, limits: Partial<ModelServerLimits> = {}) {
    writeFileSync(this.#journal, '');
    this.servers = new ModelServers({
      store: this.store,
      slotId: 0,
      clock: systemClock,
      random01: () => 0.5,
      log: (line) => this.log.push(line),
      logPath: this.logPath,
      environment: { PATH: process.env['PATH'], STAND_IN_JOURNAL: this.#journal, ...environment },
      limits: { ...quick, ...limits },
    });
  }

  /** The stand-in as an engine's own server. */
  engine(change: Parameters<typeof sampleEngine>[1] = {}): EngineSpec {
    const model = change.model ?? 'stand-in';
    const slots = String(change.concurrency ?? 8);
    const images = ['--limit-mm-per-prompt', '{"image":2}'];
    const command = [process.execPath, program, 'serve', model, '--port', '{port}', '--max-num-seqs', slots];
    return sampleEngine(null, { concurrency: 8, model, command: [...command, ...images], ...change });
  }

  /** A worker of its own run, with nothing to do yet. */
  async worker(runId = 'run-1'): Promise<ServedWorker> {
    const served = new ServedWorker(runId, this);
    this.#workers.push(served.worker);
    await served.worker.load([]);
    return served;
  }

  journal(): JournalLine[] {
    const lines = readFileSync(this.#journal, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  /** Every server that was started, by its process id. */
  starts(): number[] {
    return this.journal().flatMap(({ event, pid }) => (event === 'start' ? [pid] : []));
  }

  /** Ends everything; gives the servers' processes that are left. */
  async close(): Promise<number[]> {
    await Promise.all(this.#workers.map((worker) => worker.stop(0)));
    await this.servers.stop();
    const left = this.starts().filter(isAlive);
    rmSync(this.root, { recursive: true, force: true });
    return left;
  }
}

/** A worker and what it did. */
export class ServedWorker {
  readonly worker: Worker;
  readonly results = new Map<string, TaskResult[]>();
  readonly messages = new Set<string>();
  #manifests = 0;

  constructor(runId: string, rig: ServedRig) {
    const folder = join(rig.root, layout.run(runId));
    const log = (line: string) => rig.log.push(line);
    const common = { clock: systemClock, random01: () => 0.5, log };
    this.worker = new Worker({
      ...common,
      workerId: 0,
      store: new LocalFileStore(folder),
      kinds: createKinds({
        ...common,
        media: new FfmpegMediaTool({ hintFolder: join(folder, 'hints') }),
        environment: {},
        servers: rig.servers,
        frames: new FfmpegFrameTool(),
        pictures: new FfmpegPictureTool(),
        runFolder: folder,
        program: '',
        isInImage: false,
        objectPathOf: (sha256) => rig.store.pathOf(layout.object(sha256)),
      }),
      emit: (event) => {
        if (event.type === 'status' && event.status.message !== null) this.messages.add(event.status.message);
        if (event.type !== 'task-finished') return;
        const { task_key: key } = event.result;
        this.results.set(key, [...(this.results.get(key) ?? []), event.result]);
      },
    });
  }

  async submit(engine: EngineSpec, tasks: readonly ManifestTask[]): Promise<void> {
    const batches = [{ batch_id: this.#manifests, tasks: [...tasks] }];
    const manifest: Manifest = { version: 1, kind: 'upsample', run_id: 'r', worker_id: 0, engine, batches };
    await this.worker.submit({ index: this.#manifests++, manifest });
  }

  /** Waits until all these tasks have a result, or the worker has failed; gives each one's results. */
  async finish(tasks: readonly ManifestTask[]): Promise<readonly TaskResult[]> {
    await waitFor(() => {
      this.worker.heartbeat();
      return this.worker.hasFailed || tasks.every((task) => this.results.has(task.task_key));
    });
    return tasks.flatMap((task) => this.results.get(task.task_key) ?? []);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
