import type { GpuFacts, SlotFacts } from '../../ports/host-upkeep.ts';
import { listSlotContainers } from '../docker/slot-containers.ts';
import type { RemoteMachine } from './remote-machine.ts';
import { workerIdOf } from './remote-root.ts';
import { ContainerPlaces, type ContainerSettings } from './worker-containers.ts';

/** How long a slot may take to tell how it stands, in milliseconds. */
const statusTimeoutMs = 5_000;

/**
 * How the slots of a host stand, and the GPUs that their containers see: those of the settings, and those that have a
 * container although the settings no longer name them.
 */
export async function slotFactsOf(
  machine: RemoteMachine,
  parts: ContainerSettings,
): Promise<{ readonly facts: readonly SlotFacts[]; readonly gpus: readonly GpuFacts[] }> {
  const rootPath = await machine.root();
  const wanted = Array.from({ length: parts.settings.workers }, (_, slotId) => slotId);
  const found = await listSlotContainers(machine.docker, rootPath);
  const slotIds = [...new Set([...wanted, ...found.map(({ slotId }) => slotId)])].sort((a, b) => a - b);
  const owner = await machine.files.step((session) => session.stat(rootPath));
  const places = await ContainerPlaces.on(machine, parts, workerIdOf(owner));
  const slots = await Promise.all(
    slotIds.map((slotId) => lookAt(machine, places, slotId, parts.settings.workers)),
  );
  const gpus = new Map(slots.flatMap((slot) => slot.gpus.map((gpu) => [gpu.index, gpu])));
  return {
    facts: slots.map(({ facts }) => facts),
    gpus: [...gpus.values()].sort((a, b) => a.index - b.index),
  };
}

async function lookAt(machine: RemoteMachine, places: ContainerPlaces, slotId: number, workers: number) {
  const slot = await machine.slotApi(slotId);
  const possible = places.possible(slotId, slot, workers);
  const states = await Promise.all(possible.map((container) => container.state()));
  // Of all that it may be it is at most one.
  const index = states.findIndex(({ state }) => state !== 'foreign');
  const state = states[index]?.state ?? 'foreign';
  const container = possible[Math.max(0, index)];
  const status = state === 'absent' || state === 'stopped' ? null : await slot.status(statusTimeoutMs);
  const facts: SlotFacts = { slotId, state, container: container?.name ?? '', status };
  return { facts, gpus: state === 'running' && container ? await container.gpus() : [] };
}
