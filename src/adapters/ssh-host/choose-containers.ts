import type { HostRunOptions } from '../../ports/host.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { findImage } from '../docker/images.ts';
import type { SlotContainer } from '../docker/slot-container.ts';
import { imageRoles, prepareCommand, workerImageOf } from '../docker/worker-images.ts';
import type { RemoteMachine } from './remote-machine.ts';
import type { RemoteRoot } from './remote-root.ts';
import type { WorkerContainer } from './start-slot.ts';
import { ContainerPlaces, type ContainerSettings, type Equipment, gpusFor } from './worker-containers.ts';

/** What choosing looks at. */
interface Choosing {
  readonly machine: RemoteMachine;
  readonly parts: ContainerSettings;
  readonly places: ContainerPlaces;
  readonly workers: number;
}

/**
 * The containers of a run's slots, in order, none of them touched yet.
 *
 * @throws AppError `config-invalid` when there are fewer GPUs than the slots take.
 */
export async function chooseContainers(
  machine: RemoteMachine,
  root: RemoteRoot,
  parts: ContainerSettings,
  { workers, needs = 'nothing' }: HostRunOptions,
): Promise<WorkerContainer[]> {
  const places = await ContainerPlaces.on(machine, parts, root);
  const choosing = { machine, parts, places, workers };
  const slotIds = Array.from({ length: workers }, (_, slotId) => slotId);
  if (needs === 'nothing') return await Promise.all(slotIds.map((slotId) => whichever(slotId, choosing)));
  return await Promise.all(
    slotIds.map(async (slotId) => {
      const equipment: Equipment =
        needs === 'model-server'
          ? { role: 'upsampler', gpuIds: gpusFor(slotId, parts, workers) }
          : { role: 'upscaler', gpuIds: gpusIfThere(slotId, choosing) };
      return asWorkerContainer(places.container(slotId, await machine.slotApi(slotId), equipment));
    }),
  );
}

/**
 * A model that upscales runs on the processor where there is no GPU: `all` means what there is, and a list is taken at
 * its word.
 */
function gpusIfThere(slotId: number, { parts, places, workers }: Choosing): readonly string[] {
  if (parts.settings.gpus === 'all' && !places.engine.hasNvidiaRuntime) return [];
  return gpusFor(slotId, parts, workers);
}

/** A run that needs nothing adopts whatever runs in its slot rather than replace it, and takes the image that is there. */
async function whichever(slotId: number, { machine, parts, places, workers }: Choosing) {
  const slot = await machine.slotApi(slotId);
  const possible = places.possible(slotId, slot, workers).map(asWorkerContainer);
  const lives = await Promise.all(possible.map((container) => container.life()));
  const running = possible[lives.indexOf('running')];
  if (running) return running;
  const present = await presentRoles(machine, parts);
  const [role = 'upsampler'] = present;
  const ways = imageRoles.map((each) => prepareCommand(machine.name, each));
  const imageHint = `${ways[0]}, or, which is enough to upscale: ${ways[1]}`;
  return asWorkerContainer(places.container(slotId, slot, { role, gpuIds: [], imageHint }));
}

async function presentRoles(machine: RemoteMachine, { settings }: ContainerSettings): Promise<ImageRole[]> {
  const found = await Promise.all(
    imageRoles.map((role) => findImage(machine.docker, workerImageOf(settings, role).name)),
  );
  return imageRoles.filter((_, index) => found[index] !== null);
}

function asWorkerContainer(container: SlotContainer): WorkerContainer {
  return {
    name: container.name,
    ensureRunning: (signal) => container.ensureRunning(signal),
    life: async () => {
      const { state } = await container.state();
      if (state === 'foreign') return 'foreign';
      return state === 'running' || state === 'starting' ? 'running' : 'ended';
    },
    explain: () => container.explain(),
    kill: () => container.kill(),
  };
}
