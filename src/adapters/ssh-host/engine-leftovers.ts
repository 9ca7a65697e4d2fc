import type { Unneeded } from '../../ports/host-upkeep.ts';
import { removeContainer } from '../docker/containers.ts';
import type { DockerClient } from '../docker/docker-client.ts';
import { findOldImages, removeImage } from '../docker/images.ts';
import { listSlotContainers } from '../docker/slot-containers.ts';

/** Containers of this root that have ended, and images of ours that newer ones took the name of. */
export async function findUnneededInEngine(
  client: DockerClient,
  rootPath: string,
  image: string,
): Promise<readonly Unneeded[]> {
  const containers = await listSlotContainers(client, rootPath);
  const images = await findOldImages(client, image);
  return [
    ...containers.flatMap(({ name, isRunning }) =>
      isRunning ? [] : [{ kind: 'container' as const, name, sizeBytes: null, reason: 'it has ended' }],
    ),
    ...images.map(({ id, sizeBytes }) => ({
      kind: 'image' as const,
      name: id,
      sizeBytes,
      reason: `built by cosmos, and not ${image}`,
    })),
  ];
}

/** Removes one of them, unless an image is used by now. */
export async function removeFromEngine(client: DockerClient, { kind, name }: Unneeded): Promise<void> {
  if (kind === 'container') await removeContainer(client, name);
  if (kind === 'image') await removeImage(client, name);
}
