import type { GpuFacts, SlotFacts } from '../../ports/host-upkeep.ts';
import { listSlotContainers } from '../docker/containers.ts';
import type { RemoteMachine } from './remote-machine.ts';
import { workerUserOf } from './remote-root.ts';
import { WorkerContainers } from './worker-containers.ts';

/** How long a slot may take to answer with its status, in milliseconds. */
const statusTimeoutMs = 5_000;

/**
 * The state of a host's slots, and the GPUs that their containers see: slots of the settings, and slots that have a
 * container although the settings no longer name them.
 */
export async function slotFactsOf(
  machine: RemoteMachine,
): Promise<{ readonly facts: readonly SlotFacts[]; readonly gpus: readonly GpuFacts[] }> {
  const rootPath = await machine.root();
  const { workers } = machine.options.settings;
  const wanted = Array.from({ length: workers }, (_, slotId) => slotId);
  const found = await listSlotContainers(machine.docker, rootPath);
  const slotIds = [...new Set([...wanted, ...found.map(({ slotId }) => slotId)])].sort((a, b) => a - b);
  const owner = await machine.files.step((session) => session.stat(rootPath));
  const containers = await WorkerContainers.on(machine, workerUserOf(owner));
  const slots = await Promise.all(slotIds.map((slotId) => readSlot(machine, containers, slotId, workers)));
  const gpus = new Map(slots.flatMap((slot) => slot.gpus.map((gpu) => [gpu.index, gpu])));
  return {
    facts: slots.map(({ facts }) => facts),
    gpus: [...gpus.values()].sort((a, b) => a.index - b.index),
  };
}

async function readSlot(
  machine: RemoteMachine,
  containers: WorkerContainers,
  slotId: number,
  workers: number,
) {
  const possible = await containers.possible(slotId, workers);
  const states = await Promise.all(possible.map((container) => container.state()));
  // At most one of the possible containers is there; to the others it is foreign.
  const index = states.findIndex(({ state }) => state !== 'foreign');
  const state = states[index]?.state ?? 'foreign';
  const container = possible[Math.max(0, index)];
  const slot = await machine.slotApi(slotId);
  const status = state === 'absent' || state === 'stopped' ? null : await slot.status(statusTimeoutMs);
  const facts: SlotFacts = { slotId, state, container: container?.name ?? '', status };
  return { facts, gpus: state === 'running' && container ? await container.gpus() : [] };
}
