import { rename, rm } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { onAbort } from '../../async/abort.ts';
import { AppError } from '../../errors/app-error.ts';
import type {
  Host,
  HostRunFacts,
  HostRunOptions,
  LogName,
  LogPart,
  Machine,
  MachineRun,
} from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { syncFolder } from '../files/publish-file.ts';
import { lookUpRun } from '../host-run/look-up-run.ts';
import { readLogPart } from '../host-run/read-log-part.ts';
import { startWorkers, stopWorkers, withdrawManifests } from '../host-run/run-workers.ts';
import { type DownloadOutput, outputLost } from '../host-run/stores.ts';
import { TaskAssignments } from '../host-run/task-assignments.ts';
import { isAnyPresent } from '../host-run/worker-presence.ts';
import { WorkersRun } from '../host-run/workers-run.ts';
import { download } from '../sftp/download.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';
import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';
import { RemoteObjectStore } from './remote-object-store.ts';
import { makeRoot } from './remote-root.ts';
import { slotCaller } from './slot-api.ts';
import { SlotWorker } from './slot-worker.ts';
import { WorkerContainers } from './worker-containers.ts';

/** How often a damaged transfer is repeated from its beginning. */
const maxTransfers = 3;

/** How long a machine stays connected after its last use, in milliseconds. */
const idleMs = 5_000;

/** A machine for short calls: they share its connections, which are closed when no more calls come. */
class SharedMachine {
  readonly #options: RemoteMachineOptions;
  #machine: Promise<RemoteMachine> | null = null;
  #users = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(options: RemoteMachineOptions) {
    this.#options = options;
  }

  async use<Value>(call: (machine: RemoteMachine) => Promise<Value>): Promise<Value> {
    if (this.#idle) clearTimeout(this.#idle);
    this.#users += 1;
    try {
      this.#machine ??= RemoteMachine.at(this.#options);
      return await call(await this.#machine);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#idle = setTimeout(() => void this.close(), idleMs);
    }
  }

  /** Closes the connections; the next call opens new ones. */
  async close(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    const machine = this.#machine;
    this.#machine = null;
    await (await machine?.catch(() => null))?.close();
  }
}

/** How long a query retries a host that does not answer, in milliseconds. */
const queryRetryForMs = 10_000;

/** A machine that is reached over SSH and runs Docker, as a {@link Host}: its workers are containers. */
export class SshHost implements Machine {
  readonly name: string;
  readonly #options: RemoteMachineOptions;
  /** For queries; a run that is open has a machine of its own. */
  readonly #shared: SharedMachine;

  constructor(options: RemoteMachineOptions) {
    this.name = options.name;
    this.#options = options;
    const retryForMs = Math.min(queryRetryForMs, options.retryForMs);
    this.#shared = new SharedMachine({ ...options, retryForMs });
  }

  async openRun(runId: string, options: HostRunOptions): Promise<MachineRun> {
    const { signal } = options;
    const machine = await RemoteMachine.at(this.#options);
    const stopListening = signal && onAbort(signal, () => void machine.close());
    try {
      signal?.throwIfAborted();
      return await this.#open(machine, runId, options);
    } catch (error) {
      await machine.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      stopListening?.();
    }
  }

  async stopRun(...[runId, options]: Parameters<Host['stopRun']>): Promise<void> {
    await this.#shared.use(async (machine) => {
      await stopWorkers(await this.#workersOf(machine, runId, options), 0);
      if (options.isWithdrawn) await withdrawManifests(await machine.runFiles(runId));
    });
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    return await this.#shared.use(async (machine) =>
      lookUpRun(await machine.runFiles(runId), async (workerIds) =>
        isAnyPresent(await Promise.all(workerIds.map((id) => machine.workerApi(runId, id)))),
      ),
    );
  }

  async readLog(runId: string, { kind, workerId }: LogName, fromByte: number): Promise<LogPart | null> {
    // The model server of a slot outlives runs, and so does its log.
    const log =
      kind === 'engine' ? layout.engineLog(workerId) : `${layout.run(runId)}/${layout.workerLog(workerId)}`;
    return await this.#shared.use(async (machine) => {
      const path = posix.join(await machine.root(), log);
      return await machine.files.step(async (session) => {
        const found = await session.lstat(path);
        if (found === null) return null;
        if (!found.isFile()) throw noLog(this.name, path);
        return await readLogPart(
          fromByte,
          found.size,
          async (position, length) => (await session.readPart(path, position, length)) ?? Buffer.alloc(0),
        );
      });
    });
  }

  async close(): Promise<void> {
    await this.#shared.close();
  }

  async #open(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<MachineRun> {
    const { clock } = this.#options;
    const files = await machine.runFiles(runId);
    const assignments = await TaskAssignments.read(files, options.workers);
    const workers = await this.#workersOf(machine, runId, options);
    await startWorkers(workers);
    const slots = await Promise.all(workers.map(({ workerId }) => machine.slotApi(workerId)));
    const callSlot = slotCaller(slots, clock, options.signal);
    const root = await machine.root();
    return new WorkersRun({
      ...{ runId, files, workers, assignments, clock },
      objects: new RemoteObjectStore({ root, files: machine.files, callSlot }),
      downloadOutput: remoteOutputs(machine.files, posix.join(root, layout.run(runId))),
      onReachability: (listener) => machine.watch(listener),
      close: () => machine.close(),
    });
  }

  async #workersOf(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<SlotWorker[]> {
    const root = await machine.root();
    const owner = await makeRoot(machine);
    const containers = await (await WorkerContainers.on(machine, owner)).forRun(options);
    const files = await machine.runFiles(runId);
    return await Promise.all(
      containers.map(async (container, workerId) => {
        const log = posix.join(root, layout.run(runId), layout.workerLog(workerId));
        return new SlotWorker({
          ...{ runId, workerId, container, files, clock: this.#options.clock },
          offloadModels: this.#options.docker.offload_models,
          slot: await machine.slotApi(workerId),
          api: await machine.workerApi(runId, workerId),
          hostName: this.name,
          logPlace: `${this.name}:${log} (cosmos logs ${runId})`,
          signal: options.signal,
        });
      }),
    );
  }
}

function noLog(hostName: string, path: string): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${hostName}: there is a link, a pipe or a folder where the log ${path} should be.`,
    nextStep: 'Find out who put it there, and remove it.',
  });
}

/** Downloads videos by SFTP; a broken transfer continues where it stopped. @param runFolder - Absolute path on the host. */
function remoteOutputs(files: RemoteFiles, runFolder: string): DownloadOutput {
  return async (taskKey, { sha256, size_bytes: sizeBytes }, path) => {
    if (await hasContent(path, sha256)) return;
    const source = posix.join(runFolder, layout.output(taskKey));
    const part = `${path}.part`;
    for (let transfer = 1; transfer <= maxTransfers; transfer += 1) {
      if (!(await download(files, source, part, sizeBytes))) break;
      if (await hasContent(part, sha256)) {
        await rename(part, path);
        await syncFolder(dirname(path));
        return;
      }
      // Damaged: the next transfer starts from its beginning.
      await rm(part, { force: true });
    }
    await rm(part, { force: true });
    throw outputLost(taskKey, 'gone or damaged');
  };
}
