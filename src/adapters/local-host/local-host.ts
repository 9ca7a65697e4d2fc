import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Host,
  HostObject,
  HostRunFacts,
  HostRunOptions,
  LogName,
  LogPart,
  Machine,
  MachineRun,
} from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { openRegularFile } from '../files/open-file.ts';
import { placeFile, placeSource } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { lookUpRun } from '../host-run/look-up-run.ts';
import { readLogPart } from '../host-run/read-log-part.ts';
import { startWorkers, stopWorkers, withdrawManifests } from '../host-run/run-workers.ts';
import { type DownloadOutput, type ObjectStore, outputLost } from '../host-run/stores.ts';
import { TaskAssignments } from '../host-run/task-assignments.ts';
import { isAnyPresent } from '../host-run/worker-presence.ts';
import { WorkersRun } from '../host-run/workers-run.ts';
import type { SpareWorker } from './spare-worker.ts';
import { LocalWorkerProcess } from './worker-process.ts';

export class LocalObjectStore implements ObjectStore {
  readonly #files: LocalFileStore;

  /** @param root - The host's root folder. */
  constructor(root: string) {
    this.#files = new LocalFileStore(root);
  }

  async missing(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const sha256 of sha256s) {
      const path = this.#files.pathOf(layout.object(sha256));
      if (await hasContent(path, sha256)) await touch(path);
      else missing.add(sha256);
    }
    return missing;
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { path, sha256, isSource = false } of objects) {
      const target = this.#files.pathOf(layout.object(sha256));
      await (isSource ? placeSource : placeFile)(path, target, sha256);
    }
  }
}

interface LocalHostOptions {
  /** Root folder; laid out like that of any other host. */
  readonly root: string;
  /** The worker's program: a JavaScript file. */
  readonly workerProgram: string;
  readonly clock: Clock;
  /** Whether its workers end with this process; else they continue without it. */
  readonly isTied?: boolean;
  /** The only variables with secrets that its workers get; left out: all. */
  readonly secretVariables?: readonly string[];
  /** What waits for a run of this process; left out: workers start when a run is opened. */
  readonly spare?: SpareWorker;
}

/** This machine as a {@link Host}: its files are a folder, its containers are child processes. */
export class LocalHost implements Machine {
  readonly name = 'local';
  readonly #options: LocalHostOptions;

  constructor(options: LocalHostOptions) {
    this.#options = options;
  }

  expectRun(): Disposable {
    return this.#options.spare?.start() ?? { [Symbol.dispose]: () => undefined };
  }

  async openRun(runId: string, options: HostRunOptions): Promise<MachineRun> {
    const { root, clock } = this.#options;
    for (const folder of [layout.objects, layout.run(runId)]) {
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    }
    const files = this.#filesOf(runId);
    const assignments = await TaskAssignments.read(files, options.workers);
    const workers = this.#workersOf(runId, options);
    await startWorkers(workers);
    return new WorkersRun({
      ...{ runId, files, workers, assignments, clock },
      objects: new LocalObjectStore(root),
      downloadOutput: localOutputs(files),
      // This machine is always reachable.
      onReachability: () => () => undefined,
      close: async () => undefined,
    });
  }

  async stopRun(...[runId, options]: Parameters<Host['stopRun']>): Promise<void> {
    await stopWorkers(this.#workersOf(runId, options), 0);
    if (options.isWithdrawn) await withdrawManifests(this.#filesOf(runId));
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    return await lookUpRun(this.#filesOf(runId), (workerIds) =>
      isAnyPresent(workerIds.map((workerId) => this.#workerOf(runId, workerId).api)),
    );
  }

  async readLog(runId: string, { kind, workerId }: LogName, fromByte: number): Promise<LogPart | null> {
    const path = kind === 'engine' ? layout.workerEngineLog(workerId) : layout.workerLog(workerId);
    await using file = await unlessMissing(openRegularFile(this.#filesOf(runId).pathOf(path)));
    if (file === null) return null;
    return await readLogPart(fromByte, (await file.stat()).size, async (position, length) => {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position });
      return buffer.subarray(0, bytesRead);
    });
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #filesOf(runId: string): LocalFileStore {
    return new LocalFileStore(join(this.#options.root, layout.run(runId)));
  }

  #workersOf(runId: string, { workers }: HostRunOptions): LocalWorkerProcess[] {
    return Array.from({ length: workers }, (_, workerId) => this.#workerOf(runId, workerId));
  }

  #workerOf(runId: string, workerId: number): LocalWorkerProcess {
    const { workerProgram: program, ...options } = this.#options;
    return new LocalWorkerProcess({ ...options, runId, workerId, program });
  }
}

/** Gives the video of a task a second name at `path`. @param files - The run folder. */
function localOutputs(files: LocalFileStore): DownloadOutput {
  return async (taskKey, { sha256 }, path) => {
    if (await hasContent(path, sha256)) return;
    const source = files.pathOf(layout.output(taskKey));
    if (!(await hasContent(source, sha256))) throw outputLost(taskKey, 'gone or damaged');
    try {
      await placeFile(source, path, sha256);
    } catch (error) {
      throw isErrno(error, 'ENOENT') ? outputLost(taskKey, 'gone') : error;
    }
  };
}

/**
 * An object that a run begins to need must look young to a pruning that runs meanwhile. A failure loses nothing. It may be a
 * second name of a user's own file, whose time of change is theirs: only the file's record is touched.
 */
async function touch(path: string): Promise<void> {
  const { mode } = await stat(path);
  await chmod(path, mode & 0o7777).catch(() => undefined);
}
