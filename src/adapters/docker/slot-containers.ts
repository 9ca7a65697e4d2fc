import { labels } from './container-spec.ts';
import type { DockerClient } from './docker-client.ts';

/** A container that some cosmos made for a slot of one root folder. */
export interface FoundContainer {
  /** Docker's id, which no other container will ever have. */
  readonly id: string;
  readonly name: string;
  readonly slotId: number;
  /** Whether it has processes, at work or paused. */
  readonly isRunning: boolean;
}

const runningStates: readonly string[] = ['running', 'restarting', 'paused'];

/** All slot containers of a root folder, also of slots that the settings no longer have. */
export async function listSlotContainers(client: DockerClient, rootPath: string): Promise<FoundContainer[]> {
  const filters = JSON.stringify({ label: [`${labels.root}=${rootPath}`] });
  const found = await client.call((docker) => docker.listContainers({ all: true, filters }));
  return found.flatMap((container) => {
    const slotId = Number(container.Labels[labels.slot] ?? Number.NaN);
    if (!Number.isInteger(slotId) || slotId < 0) return [];
    const name = (container.Names[0] ?? container.Id).replace(/^\//, '');
    return [{ id: container.Id, name, slotId, isRunning: runningStates.includes(container.State) }];
  });
}
