import { posix } from 'node:path';
import { onAbort } from '../../async/abort.ts';
import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { lookUpRun } from '../host-run/look-up-run.ts';
import { readLogPart } from '../host-run/read-log-part.ts';
import { startWorkers, stopWorkers } from '../host-run/run-workers.ts';
import { TaskAssignments } from '../host-run/task-assignments.ts';
import { isAnyPresent } from '../host-run/worker-presence.ts';
import { WorkersRun } from '../host-run/workers-run.ts';
import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';
import { RemoteObjectStore } from './remote-object-store.ts';
import { makeRoot } from './remote-root.ts';
import { remoteSegments } from './remote-segments.ts';
import { SharedMachine } from './shared-machine.ts';
import { slotCaller } from './slot-api.ts';
import { SlotWorker } from './slot-worker.ts';
import { WorkerContainers } from './worker-containers.ts';

/** How long a query retries a host that does not answer, in milliseconds. */
const queryRetryForMs = 10_000;

/** A machine that is reached over SSH and runs Docker, as a {@link Host}: its workers are containers. */
export class SshHost implements Host {
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

  async openRun(runId: string, options: HostRunOptions): Promise<HostRun> {
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

  async stopRun(runId: string, options: HostRunOptions): Promise<void> {
    await this.#shared.use(async (machine) => {
      await stopWorkers(await this.#workersOf(machine, runId, options), 0);
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
        const found = await session.stat(path);
        if (found === null) return null;
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

  async #open(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<HostRun> {
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
      downloadSegment: remoteSegments(machine.files, posix.join(root, layout.run(runId))),
      onReachability: (listener) => machine.watch(listener),
      close: () => machine.close(),
    });
  }

  async #workersOf(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<SlotWorker[]> {
    const root = await machine.root();
    const owner = await machine.files.step((session) => makeRoot(session, root));
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
