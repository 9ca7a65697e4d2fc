import type { GpuFacts, SlotFacts } from '../../ports/host-upkeep.ts';
import { listSlotContainers } from '../docker/slot-containers.ts';
import type { RemoteMachine } from './remote-machine.ts';
import { workerIdOf } from './remote-root.ts';
import { type ContainerSettings, gpusIfAny, slotContainer, userOf } from './slot-containers.ts';

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
  const wanted = Array.from({ length: parts.settings.workers }, (_, slotId) => slotId);
  const found = await listSlotContainers(machine.docker, await machine.root());
  const slotIds = [...new Set([...wanted, ...found.map(({ slotId }) => slotId)])].sort((a, b) => a - b);
  const slots = await Promise.all(slotIds.map((slotId) => lookAt(machine, parts, slotId)));
  const gpus = new Map(slots.flatMap((slot) => slot.gpus.map((gpu) => [gpu.index, gpu])));
  return {
    facts: slots.map(({ facts }) => facts),
    gpus: [...gpus.values()].sort((a, b) => a.index - b.index),
  };
}

async function lookAt(machine: RemoteMachine, parts: ContainerSettings, slotId: number) {
  const rootPath = await machine.root();
  const slot = await machine.slotApi(slotId);
  const owner = await machine.files.step((session) => session.stat(rootPath));
  const user = await userOf(machine.docker, workerIdOf(owner));
  const modelsDir = await machine.modelsDir();
  const make = (gpuIds: readonly string[]) =>
    slotContainer(machine.docker, rootPath, { slotId, user, gpuIds, modelsDir }, parts, slot);
  const plain = make([]);
  const equipped = make(gpusIfAny(slotId, parts, parts.settings.workers));
  const { state } = await plain.state();
  const other = state === 'foreign' ? await equipped.state() : null;
  const status = state === 'absent' || state === 'stopped' ? null : await slot.status(statusTimeoutMs);
  const facts: SlotFacts = { slotId, state: other?.state ?? state, container: plain.name, status };
  return { facts, gpus: facts.state === 'running' && other ? await equipped.gpus() : [] };
}
