import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJsonAs } from '../../core/json.ts';
import type { SlotFacts } from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { type WorkerStatus, workerStatusSchema } from '../../protocol/worker-status.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';

/** A worker process that holds its lock in a run folder. */
interface LiveWorker {
  readonly workerId: number;
  /** 0 for a process of another machine, on a shared disk. */
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** The workers of a run that are alive. A worker of another machine on a shared disk counts as alive. */
export async function liveWorkers(runFolder: string): Promise<LiveWorker[]> {
  const names = await readdir(runFolder).catch(() => []);
  const workers: LiveWorker[] = [];
  for (const name of names) {
    const workerId = /^worker_(\d{1,4})\.lock$/.exec(name)?.[1];
    if (workerId === undefined) continue;
    const owner = await readLockOwner(join(runFolder, name));
    if (owner === null || !(await isOwnerAlive(owner))) continue;
    const pid = isOwnerHere(owner) ? owner.pid : 0;
    workers.push({ workerId: Number(workerId), pid, startedAt: owner.acquired_at });
  }
  return workers;
}

interface ServedRun {
  readonly runId: string;
  readonly worker: LiveWorker;
  readonly status: WorkerStatus | null;
}

/** The workers of this machine as slots: one slot for each worker number, with all runs that its workers serve. */
export async function localSlots(root: string): Promise<SlotFacts[]> {
  const served: ServedRun[] = [];
  for (const runId of await readdir(join(root, layout.runs)).catch(() => [])) {
    const folder = join(root, layout.run(runId));
    for (const worker of await liveWorkers(folder)) {
      served.push({ runId, worker, status: await readStatus(folder, worker.workerId) });
    }
  }
  const bySlot = Map.groupBy(served, ({ worker }) => worker.workerId);
  return [...bySlot].sort(([one], [other]) => one - other).map(([slotId, runs]) => slotOf(slotId, runs));
}

function slotOf(slotId: number, runs: readonly ServedRun[]): SlotFacts {
  const pids = runs.map(({ worker }) => worker.pid).filter((pid) => pid > 0);
  return {
    slotId,
    state: 'running',
    container: `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`,
    status: {
      version: protocolVersion,
      slot_id: slotId,
      started_at: runs.map(({ worker }) => worker.startedAt).sort()[0] ?? '',
      runs: runs.flatMap(({ runId, status }) => (status ? [{ run_id: runId, status }] : [])),
      engine: null,
    },
  };
}

/** Null when it was not written yet, or by another version. */
async function readStatus(runFolder: string, workerId: number): Promise<WorkerStatus | null> {
  const bytes = await new LocalFileStore(runFolder).read(layout.workerStatus(workerId)).catch(() => null);
  return bytes && parseJsonAs(workerStatusSchema, bytes);
}
