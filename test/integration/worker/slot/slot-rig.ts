import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layout } from '../../../../src/protocol/layout.ts';
import type { EngineSpec, Manifest, ManifestTask } from '../../../../src/protocol/manifest.ts';
import { type SlotStatus, slotStatusSchema } from '../../../../src/protocol/slot.ts';
import { type TaskResult, taskResultSchema } from '../../../../src/protocol/task-result.ts';
import { callSocket, openSocket } from '../../../support/call-socket.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, workerProgram } from '../../../support/worker-rig.ts';

/** A host's folder in a temporary place, and slot 0 on it. */
export class SlotRig {
  readonly root: string;
  readonly socketPath: string;
  readonly #children: ChildProcess[] = [];
  #log = '';

  constructor(root = mkdtempSync(join(tmpdir(), 'cs-'))) {
    this.root = root;
    this.socketPath = join(root, layout.slotSocket(0));
  }

  /** Everything the slots said on stderr. */
  get log(): string {
    return this.#log;
  }

  /** Starts a slot and waits until it answers. */
  async start(
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ChildProcess> {
    const child = this.spawn(flags, env);
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    await waitFor(async () => isOver() || (await this.call('GET', '/healthz')).status === 200);
    if (isOver()) throw new Error(`the slot ended with ${child.exitCode}: ${this.#log}`);
    return child;
  }

  spawn(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, [workerProgram, '--root', this.root, '--slot', '0', ...flags], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (text: Buffer) => {
      this.#log += text.toString('utf8');
    });
    this.#children.push(child);
    return child;
  }

  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
    return await callSocket(
      this.socketPath,
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
    );
  }

  /** The answer to a `POST`, and the error's code if it is one. */
  async post(path: string, body: unknown) {
    const { status, body: text } = await this.call('POST', path, body);
    const document = JSON.parse(text);
    return { status, document, code: document.error?.code ?? null };
  }

  async open(runId: string, offloadModels = true) {
    return await this.post('/open_run', { run_id: runId, offload_models: offloadModels });
  }

  async status(): Promise<SlotStatus> {
    return slotStatusSchema.parse(JSON.parse((await this.call('GET', '/status')).body));
  }

  /** The runs that the slot would open again. */
  remembered(): string[] {
    const content = readFileSync(join(this.root, layout.slotState(0)), 'utf8');
    return JSON.parse(content).runs.map((run: { run_id: string }) => run.run_id);
  }

  /** Leaves the runs as a slot does that was killed: the next one opens them by itself. */
  remember(...runIds: readonly string[]): void {
    const runs = runIds.map((run_id) => ({ run_id, offload_models: true }));
    mkdirSync(join(this.root, layout.slots), { recursive: true });
    writeFileSync(join(this.root, layout.slotState(0)), JSON.stringify({ version: 1, runs }));
  }

  /** The stream of events of a run's worker, as soon as there is one. */
  async openEvents(runId: string): Promise<IncomingMessage> {
    const socketPath = join(this.root, layout.run(runId), layout.workerSocket(0));
    let stream: IncomingMessage | null = null;
    await waitFor(async () => {
      stream = await openSocket(socketPath, 'GET', '/events');
      return stream.statusCode === 200;
    });
    if (stream === null) throw new Error('there is no stream');
    return stream;
  }

  /** A call of the API of a run's worker. */
  async callWorker(runId: string, method: string, path: string, body?: unknown) {
    const socketPath = join(this.root, layout.run(runId), layout.workerSocket(0));
    return await callSocket(socketPath, method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  writeManifest(runId: string, index: number, engine: EngineSpec, tasks: readonly ManifestTask[]): string {
    const manifest: Manifest = {
      version: 1,
      kind: 'upsample',
      run_id: runId,
      worker_id: 0,
      engine,
      batches: [{ batch_id: index, tasks: [...tasks] }],
    };
    const path = layout.manifest(0, index);
    mkdirSync(join(this.root, layout.run(runId), layout.manifests), { recursive: true });
    writeFileSync(join(this.root, layout.run(runId), path), JSON.stringify(manifest));
    return path;
  }

  /** Writes a manifest and hands it over. */
  async submit(runId: string, index: number, engine: EngineSpec, tasks: readonly ManifestTask[]) {
    const path = this.writeManifest(runId, index, engine, tasks);
    return await this.callWorker(runId, 'POST', '/process_manifest', { manifest_path: path });
  }

  resultPath(runId: string, taskKey: string): string {
    return join(this.root, layout.run(runId), layout.result(taskKey));
  }

  /** Those of the tasks' results that are published. */
  results(runId: string, tasks: readonly ManifestTask[]): TaskResult[] {
    return tasks.flatMap(({ task_key: key }) => {
      const path = this.resultPath(runId, key);
      return existsSync(path) ? [taskResultSchema.parse(JSON.parse(readFileSync(path, 'utf8')))] : [];
    });
  }

  async allResults(runId: string, tasks: readonly ManifestTask[]): Promise<TaskResult[]> {
    await waitFor(() => this.results(runId, tasks).length === tasks.length);
    return this.results(runId, tasks);
  }

  objectPath(sha256: string): string {
    return join(this.root, layout.object(sha256));
  }

  /** Puts a file among the uploads; gives its path as the API takes it. */
  upload(name: string, content: Uint8Array | string): string {
    mkdirSync(join(this.root, layout.incoming), { recursive: true });
    writeFileSync(join(this.root, layout.incoming, name), content);
    return `${layout.incoming}/${name}`;
  }

  /** Ends all slots and removes what they left. A warning of the runtime, such as for a leak, is a failure. */
  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exitOf(child);
    }
    rmSync(this.root, { recursive: true, force: true });
    if (/\bWarning: /.test(this.#log)) throw new Error(`a slot was warned: ${this.#log}`);
  }
}

/** Contents of this size, each with its hash. */
export function randomObjects(count: number, sizeBytes: number): { sha256: string; content: Buffer }[] {
  return Array.from({ length: count }, () => objectOf(randomBytes(sizeBytes)));
}

export function objectOf(content: Buffer): { sha256: string; content: Buffer } {
  return { sha256: createHash('sha256').update(content).digest('hex'), content };
}

/** A bundle as `protocol/bundle.ts` describes it. */
export function bundleOf(objects: readonly { sha256: string; content: Buffer }[]): Buffer {
  const header = {
    version: 1,
    objects: objects.map(({ sha256, content }) => ({ sha256, size_bytes: content.byteLength })),
  };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    ...objects.map(({ content }) => content),
  ]);
}
