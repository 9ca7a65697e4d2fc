import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJsonAs } from '../../core/json.ts';
import type { SlotFacts } from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { type WorkerStatus, workerStatusSchema } from '../../protocol/worker-status.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { type LiveWorker, liveWorkers } from './live-workers.ts';

interface ServedRun {
  readonly runId: string;
  readonly worker: LiveWorker;
  readonly status: WorkerStatus | null;
}

/** The workers of this machine as slots: one a worker number, with all runs that workers of this number serve. */
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
  const startedAt = runs.map(({ worker }) => worker.startedAt).sort()[0] ?? '';
  return {
    slotId,
    state: 'running',
    container: `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`,
    status: {
      version: protocolVersion,
      slot_id: slotId,
      started_at: startedAt,
      runs: runs.flatMap(({ runId, status }) => (status ? [{ run_id: runId, status }] : [])),
      engine: null,
    },
  };
}

async function readStatus(runFolder: string, workerId: number): Promise<WorkerStatus | null> {
  const bytes = await new LocalFileStore(runFolder).read(layout.workerStatus(workerId)).catch(() => null);
  // One of another version counts as not written yet.
  return bytes && parseJsonAs(workerStatusSchema, bytes);
}
