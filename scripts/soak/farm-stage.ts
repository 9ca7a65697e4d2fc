import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readLockOwner } from '../../src/adapters/files/process-lock.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { layout, parseResultName } from '../../src/protocol/layout.ts';
import { taskResultSchema } from '../../src/protocol/task-result.ts';
import type { FarmClientEnd, FarmClientOptions } from '../../test/support/farm-client.ts';
import { type FaultProxy, startFaultProxy } from '../../test/support/lab/fault-proxy.ts';
import { QueueRig } from '../../test/support/queue-rig.ts';

const clientProgram = resolve(import.meta.dirname, '../../test/support/farm-client.ts');

/** Machines that share a run, each of which can be disturbed. */
export interface FarmStage extends AsyncDisposable {
  readonly machines: readonly string[];
  /** Folders with the results of the run: what stands there must not be done again. */
  resultFolders(): Promise<readonly string[]>;
  /** The process that does a machine's work, which leads a group of its own; null where none runs. */
  slotPid(machine: string): Promise<number | null>;
  readonly place: FarmClientOptions['place'];
  readonly queue: QueueStage | null;
}

/** A queue with workers whose links, and the client's, can be disturbed. */
export class QueueStage implements FarmStage {
  readonly queue = this;
  readonly rig: QueueRig;
  readonly machines: readonly string[];
  readonly links: ReadonlyMap<string, FaultProxy>;

  private constructor(rig: QueueRig, links: ReadonlyMap<string, FaultProxy>) {
    this.rig = rig;
    this.links = links;
    this.machines = [...links.keys()].filter((name) => name !== 'client');
  }

  static async start(machines: readonly string[], keepsLog: boolean): Promise<QueueStage> {
    const rig = await QueueRig.start({ keepsLog });
    const port = Number(new URL(rig.redis.url).port);
    const links = new Map<string, FaultProxy>();
    for (const name of ['client', ...machines]) links.set(name, await startFaultProxy(port));
    const stage = new QueueStage(rig, links);
    for (const name of machines) stage.startWorker(name);
    return stage;
  }

  get place(): FarmClientOptions['place'] {
    return { kind: 'queue', settings: { ...this.rig.settings, url: this.#urlOf('client') } };
  }

  startWorker(name: string): void {
    this.rig.startWorker(name, { settings: { ...this.rig.settings, url: this.#urlOf(name) } });
  }

  async resultFolders(): Promise<readonly string[]> {
    const run = await this.runId();
    return run === null ? [] : [join(this.rig.settings.store, layout.run(run), layout.results)];
  }

  async slotPid(machine: string): Promise<number | null> {
    const run = await this.runId();
    return run === null ? null : await this.rig.slotPid(machine, run);
  }

  /** Whether a worker puts the run together at this moment. */
  async isFinalizing(machine: string): Promise<boolean> {
    const names = await readdir(join(this.rig.rootOf(machine), machine, 'work')).catch(() => []);
    return names.some((name) => name.startsWith('finalize-'));
  }

  /** Whether the video stands in the store. */
  async isFinal(): Promise<boolean> {
    const run = await this.runId();
    const path = join(this.rig.settings.store, layout.run(run ?? ''), layout.final);
    return run !== null && (await stat(path).catch(() => null)) !== null;
  }

  /** Ends Redis as a power cut would, and starts it again. */
  async restartRedis(awayMs: number, isEmptied: boolean, pause: (ms: number) => Promise<unknown>) {
    await this.rig.redis.stop();
    await pause(awayMs);
    if (isEmptied) await rm(join(this.rig.redis.folder, 'appendonlydir'), { recursive: true, force: true });
    await this.rig.redis.start();
  }

  /** Jobs that are queued or worked on, but for the one that puts the run together. */
  async openJobs(): Promise<Readonly<Record<string, number>>> {
    const jobs = await openJobs(this.rig.settings, process.env);
    try {
      const {
        waiting = 0,
        active = 0,
        delayed = 0,
        failed = 0,
      } = await jobs.countsOf(['upsample', 'upscale']);
      const locks = (await jobs.redis.keys(`${this.rig.settings.prefix}:lock:*`)).length;
      return { waiting, active, delayed, failed, locks };
    } finally {
      jobs.close();
    }
  }

  async runId(): Promise<string | null> {
    return (await readdir(join(this.rig.settings.store, layout.runs)).catch(() => []))[0] ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
    for (const link of this.links.values()) await link.stop();
  }

  #urlOf(name: string): string {
    return `redis://127.0.0.1:${this.links.get(name)?.port}`;
  }
}

/** Several machines on this one, each in a folder of its own. */
export class PoolStage implements FarmStage {
  readonly queue = null;
  readonly machines: readonly string[];
  readonly place: FarmClientOptions['place'];
  readonly #roots: ReadonlyMap<string, string>;

  constructor(folder: string, machines: readonly string[], copyAfterMs: number) {
    this.machines = machines;
    this.#roots = new Map(machines.map((name) => [name, join(folder, name)]));
    this.place = { kind: 'pool', machines: Object.fromEntries(this.#roots), copyAfterMs };
  }

  async resultFolders(): Promise<readonly string[]> {
    const folders = await Promise.all(
      [...this.#roots.values()].map(async (root) => {
        const runs = await readdir(join(root, layout.runs)).catch(() => []);
        return runs.map((run) => join(root, layout.run(run), layout.results));
      }),
    );
    return folders.flat();
  }

  async slotPid(machine: string): Promise<number | null> {
    const root = this.#roots.get(machine) ?? '';
    const [run = ''] = await readdir(join(root, layout.runs)).catch(() => []);
    return (await readLockOwner(join(root, layout.run(run), 'worker_0.lock')))?.pid ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its folders lie in that of the scene.
  }
}

/** A result that stands: a good answer or a segment. */
export interface StandingResult {
  readonly key: string;
  /** When it was published, by the system's clock. */
  readonly atMs: number;
}

/** The good results of a run. */
export async function standingResults(stage: FarmStage): Promise<readonly StandingResult[]> {
  const results: StandingResult[] = [];
  for (const folder of await stage.resultFolders()) {
    for (const name of await readdir(folder).catch(() => [])) {
      const key = parseResultName(name);
      const text = key === null ? null : await readFile(join(folder, name), 'utf8').catch(() => null);
      if (key === null || text === null || taskResultSchema.parse(JSON.parse(text)).status !== 'ok') continue;
      results.push({ key, atMs: (await stat(join(folder, name))).mtimeMs });
    }
  }
  return results;
}

/** A line of a client: an event of its run, or its end. */
export type FarmLine =
  | FarmClientEnd
  | { readonly type: string; readonly machine?: string; readonly task_key?: string; readonly state?: string };

export interface FarmClient {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly end: FarmClientEnd | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }>;
}

export function startFarmClient(options: FarmClientOptions, onLine: (line: FarmLine) => void): FarmClient {
  const child = spawn(process.execPath, [clientProgram, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [rest, stderr] = ['', ''];
  let end: FarmClientEnd | null = null;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const read: FarmLine = JSON.parse(line);
      if ('code' in read) end = read;
      else onLine(read);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Awaited<FarmClient['ended']>>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (_code, signal) => settle({ end, signal, stderr }));
  });
  return { child, ended };
}
