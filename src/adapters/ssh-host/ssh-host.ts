import { posix } from 'node:path';
import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { logChunkBytes, logPathOf, logStart, toLogPart } from '../host-run/log-chunk.ts';
import { lookUpRun } from '../host-run/look-up-run.ts';
import { startWorkers } from '../host-run/start-workers.ts';
import { stopWorkers } from '../host-run/stop-workers.ts';
import { TaskAssignments } from '../host-run/task-assignments.ts';
import { isAnyThere } from '../host-run/worker-presence.ts';
import { WorkersRun } from '../host-run/workers-run.ts';
import { chooseContainers } from './choose-containers.ts';
import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';
import { RemoteObjectStore } from './remote-object-store.ts';
import { makeRoot } from './remote-root.ts';
import { RemoteSegments } from './remote-segments.ts';
import { SharedMachine } from './shared-machine.ts';
import type { SlotApi } from './slot-api.ts';
import { SlotCaller } from './slot-caller.ts';
import { SlotWorker } from './slot-worker.ts';

/** How long a mere look at a host waits for it, in milliseconds. */
const lookPatienceMs = 10_000;

/** A machine that is reached over SSH and runs Docker, as a {@link Host}: its workers are containers. */
export class SshHost implements Host {
  readonly name: string;
  readonly #parts: RemoteMachineOptions;
  readonly #looker: SharedMachine;

  constructor(parts: RemoteMachineOptions) {
    this.name = parts.name;
    this.#parts = parts;
    this.#looker = new SharedMachine({ ...parts, retryForMs: Math.min(lookPatienceMs, parts.retryForMs) });
  }

  async openRun(runId: string, options: HostRunOptions): Promise<HostRun> {
    const { signal } = options;
    const machine = await RemoteMachine.at(this.#parts);
    const giveUp = () => void machine.close();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      signal?.throwIfAborted();
      return await this.#open(machine, runId, options);
    } catch (error) {
      await machine.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async stopRun(runId: string, options: HostRunOptions): Promise<void> {
    await this.#look(async (machine) => {
      await stopWorkers(await this.#workersOf(machine, runId, options), 0);
    });
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    return await this.#look(async (machine) =>
      lookUpRun(await machine.runFiles(runId), async (workerIds) =>
        isAnyThere(await Promise.all(workerIds.map((id) => machine.workerApi(runId, id)))),
      ),
    );
  }

  async readLog(runId: string, log: LogName, fromByte: number): Promise<LogPart | null> {
    return await this.#look(async (machine) => {
      const root = await machine.root();
      // The server of a slot outlives runs, and so does its log.
      const path =
        log.kind === 'engine'
          ? posix.join(root, layout.engineLog(log.workerId))
          : posix.join(root, layout.run(runId), logPathOf(log));
      return await machine.files.step(async (session) => {
        const found = await session.stat(path);
        if (found === null) return null;
        const position = logStart(fromByte, found.size);
        const bytes = await session.readPart(path, position, logChunkBytes);
        return bytes === null ? null : toLogPart(bytes, position);
      });
    });
  }

  async close(): Promise<void> {
    await this.#looker.close();
  }

  async #open(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<HostRun> {
    const { clock } = this.#parts;
    const files = await machine.runFiles(runId);
    const handedOver = await TaskAssignments.read(files, options.workers);
    const workers = await this.#workersOf(machine, runId, options);
    await startWorkers(workers);
    const slots = await slotsOf(machine, options);
    const caller = new SlotCaller(slots, clock, options.signal);
    const root = await machine.root();
    const objects = new RemoteObjectStore({
      root,
      files: machine.files,
      callSlot: (call) => caller.call(call),
    });
    const reachability = {
      onChange: (listener: Parameters<RemoteMachine['watch']>[0]) => machine.watch(listener),
    };
    const close = () => machine.close();
    const segments = new RemoteSegments(machine.files, posix.join(root, layout.run(runId)));
    return new WorkersRun({
      ...{ runId, files, objects, segments, workers, assignments: handedOver },
      ...{ clock, reachability, close },
    });
  }

  async #workersOf(machine: RemoteMachine, runId: string, options: HostRunOptions): Promise<SlotWorker[]> {
    const path = await machine.root();
    const root = await machine.files.step((session) => makeRoot(session, path));
    const containers = await chooseContainers(machine, root, this.#parts, options);
    const files = await machine.runFiles(runId);
    return await Promise.all(
      containers.map(async (container, workerId) => {
        return new SlotWorker({
          runId,
          workerId,
          container,
          offloadModels: this.#parts.docker.offload_models,
          slot: await machine.slotApi(workerId),
          api: await machine.workerApi(runId, workerId),
          files,
          hostName: this.name,
          logPlace: `${this.name}:${posix.join(path, layout.run(runId), layout.workerLog(workerId))} (cosmos logs ${runId})`,
          clock: this.#parts.clock,
          ...(options.signal && { signal: options.signal }),
        });
      }),
    );
  }

  async #look<Value>(look: (machine: RemoteMachine) => Promise<Value>): Promise<Value> {
    return await this.#looker.use(look);
  }
}

async function slotsOf(machine: RemoteMachine, { workers }: HostRunOptions): Promise<SlotApi[]> {
  return await Promise.all(Array.from({ length: workers }, (_, slotId) => machine.slotApi(slotId)));
}
