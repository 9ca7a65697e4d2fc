import type { GpuFacts, SlotFacts } from '../../ports/host-upkeep.ts';
import type { RemoteMachine } from './remote-machine.ts';
import { workerIdOf } from './remote-root.ts';
import { type ContainerSettings, gpusFor, slotContainer, userOf } from './slot-containers.ts';

/** How long a slot may take to tell how it stands, in milliseconds. */
const statusTimeoutMs = 5_000;

/** How the slots of a host stand, and the GPUs that their containers see. */
export async function slotFactsOf(
  machine: RemoteMachine,
  parts: ContainerSettings,
): Promise<{ readonly facts: readonly SlotFacts[]; readonly gpus: readonly GpuFacts[] }> {
  const { workers } = parts.settings;
  const slots = await Promise.all(
    Array.from({ length: workers }, (_, slotId) => lookAt(machine, parts, slotId)),
  );
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
  const equipped = make(gpusFor(slotId, parts, parts.settings.workers));
  const { state } = await plain.state();
  const other = state === 'foreign' ? await equipped.state() : null;
  const status = state === 'absent' || state === 'stopped' ? null : await slot.status(statusTimeoutMs);
  const facts: SlotFacts = { slotId, state: other?.state ?? state, container: plain.name, status };
  return { facts, gpus: facts.state === 'running' && other ? await equipped.gpus() : [] };
}
