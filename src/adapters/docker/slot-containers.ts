import { labels } from './container-spec.ts';
import type { DockerClient } from './docker-client.ts';

/** A container that some cosmos made for a slot of one root folder. */
export interface FoundContainer {
  readonly name: string;
  readonly slotId: number;
  readonly isRunning: boolean;
}

/** All slot containers of a root folder, also of slots that the settings no longer have. */
export async function listSlotContainers(client: DockerClient, rootPath: string): Promise<FoundContainer[]> {
  const filters = JSON.stringify({ label: [`${labels.root}=${rootPath}`] });
  const found = await client.call((docker) => docker.listContainers({ all: true, filters }));
  return found.map((container) => ({
    name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
    slotId: Number(container.Labels[labels.slot]),
    isRunning: container.State === 'running' || container.State === 'restarting',
  }));
}
