import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { layout } from '../../src/protocol/layout.ts';
import { type WorkEngine, type WorkTask, workKindOf } from '../../src/protocol/manifest.ts';
import { type TaskResult, taskResultSchema } from '../../src/protocol/task-result.ts';
import { type WorkerStatus, workerStatusSchema } from '../../src/protocol/worker-status.ts';
import { callSocket } from './call-socket.ts';
import { waitFor } from './wait-for.ts';

/** The worker's program in one file, which starts sooner than its sources: made of them before the tests run. */
export const workerProgram = resolve(import.meta.dirname, '../../dist/worker.mjs');

/** A host's folder in a temporary place, and worker processes on it. Worker 0 of run `run-1`. */
export class WorkerRig {
  readonly root = mkdtempSync(join(tmpdir(), 'cw-'));
  readonly runFolder = join(this.root, layout.run('run-1'));
  readonly socketPath = join(this.runFolder, layout.workerSocket(0));
  readonly #children: ChildProcess[] = [];
  #log = '';

  /** Everything the workers said on stderr. */
  get log(): string {
    return this.#log;
  }

  /** Puts a clip with two frames among the objects; each hue is another clip. */
  addHint(hue = 0): { sha256: string; width: number; height: number; frames: number } {
    const path = join(this.root, 'hint.mp4');
    const source = `testsrc2=size=64x36:rate=2,hue=h=${hue}`;
    const output = ['-frames:v', '2', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-y', path];
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...output]);
    return { sha256: this.addObject(readFileSync(path)), width: 64, height: 36, frames: 2 };
  }

  addObject(content: Uint8Array): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    mkdirSync(join(this.root, 'objects'), { recursive: true });
    writeFileSync(join(this.root, layout.object(sha256)), content);
    return sha256;
  }

  /** Writes a manifest with one batch per list of tasks; gives its path inside the run folder. */
  writeManifest(index: number, engine: WorkEngine, batches: readonly (readonly WorkTask[])[]): string {
    const manifest = {
      version: 1,
      kind: workKindOf(engine),
      run_id: 'run-1',
      worker_id: 0,
      engine,
      batches: batches.map((tasks, at) => ({ batch_id: 1000 * index + at, tasks: [...tasks] })),
    };
    const path = layout.manifest(0, index);
    mkdirSync(join(this.runFolder, layout.manifests), { recursive: true });
    writeFileSync(join(this.runFolder, path), JSON.stringify(manifest));
    return path;
  }

  /** Starts a worker and waits until it answers. */
  async start(
    env: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Promise<ChildProcess> {
    const child = this.spawn(env, flags);
    await waitFor(async () => child.exitCode !== null || (await this.get('/healthz')).status === 200);
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}: ${this.#log}`);
    return child;
  }

  /** Starts a worker and waits for nothing. */
  spawn(env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): ChildProcess {
    const options = ['--root', this.root, '--run', 'run-1', '--worker', '0', ...flags];
    const child = spawn(process.execPath, [workerProgram, ...options], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (text: Buffer) => {
      this.#log += text.toString('utf8');
    });
    this.#children.push(child);
    return child;
  }

  async get(path: string) {
    return await callSocket(this.socketPath, 'GET', path);
  }

  async post(path: string, body: unknown) {
    return await callSocket(this.socketPath, 'POST', path, JSON.stringify(body));
  }

  async submit(manifestPath: string) {
    return await this.post('/process_manifest', { manifest_path: manifestPath });
  }

  async status(): Promise<WorkerStatus> {
    return workerStatusSchema.parse(JSON.parse((await this.get('/status')).body));
  }

  /** The status file. */
  statusFile(): WorkerStatus {
    return workerStatusSchema.parse(
      JSON.parse(readFileSync(join(this.runFolder, layout.workerStatus(0)), 'utf8')),
    );
  }

  /** The published result of a task, or null. */
  result(taskKey: string): TaskResult | null {
    try {
      return taskResultSchema.parse(JSON.parse(readFileSync(this.resultPath(taskKey), 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  resultPath(taskKey: string): string {
    return join(this.runFolder, layout.result(taskKey));
  }

  /** Waits for the results of all these tasks. */
  async results(tasks: readonly Pick<WorkTask, 'task_key'>[]): Promise<readonly TaskResult[]> {
    const read = () => tasks.flatMap((task) => this.result(task.task_key) ?? []);
    await waitFor(async () => read().length === tasks.length);
    return read();
  }

  /** Ends all workers and removes the folder. A warning of the runtime, such as for a leak, is a failure. */
  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exitOf(child);
    }
    rmSync(this.root, { recursive: true, force: true });
    if (/\bWarning: /.test(this.#log)) throw new Error(`a worker was warned: ${this.#log}`);
  }
}

/** Waits for a process to end; gives its exit code, or the signal that ended it. */
export async function exitOf(child: ChildProcess): Promise<number | string> {
  await waitFor(async () => child.exitCode !== null || child.signalCode !== null);
  return child.exitCode ?? child.signalCode ?? 'unknown';
}
