import type { ImageInspectInfo } from 'dockerode';
import { AppError } from '../../errors/app-error.ts';
import { labels } from './container-spec.ts';
import type { CallLimits, DockerClient } from './docker-client.ts';
import { statusOf } from './docker-failure.ts';

/** An image that an engine has. */
export interface ImageFacts {
  /** Docker's id: `sha256:…`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the environment variables that it sets. */
  readonly variables: readonly string[];
  readonly sizeBytes: number;
}

/** The image called `name`, which may be an id; null when the engine does not have it. */
export async function findImage(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<ImageFacts | null> {
  const found = await client.find((docker) => docker.getImage(name).inspect(), limits);
  return found && toFacts(found);
}

/** What a user sees when a host has to be prepared first. */
export function imageMissing(image: string, hostName: string): AppError {
  return new AppError({
    code: 'image-missing',
    message: `${hostName} does not have the image ${image}.`,
    hint: `cosmos host prepare ${hostName}`,
  });
}

/** An image that cosmos built, and that its name has left for a newer one. */
export interface OldImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

/** Images that cosmos built, other than the one called `image`, that no container uses. */
export async function findOldImages(client: DockerClient, image: string): Promise<OldImage[]> {
  const [current, built, containers] = await Promise.all([
    findImage(client, image),
    client.call((docker) => docker.listImages({ filters: JSON.stringify({ label: [labels.content] }) })),
    client.call((docker) => docker.listContainers({ all: true })),
  ]);
  const used = new Set([current?.id, ...containers.map((container) => container.ImageID)]);
  return built
    .filter((found) => !used.has(found.Id))
    .map((found) => ({
      id: found.Id,
      names: (found.RepoTags ?? []).filter((name) => !name.startsWith('<none>')),
      sizeBytes: found.Size,
    }));
}

/** Removes an image, unless a container uses it: false then. One that is gone already counts as removed. */
export async function removeImage(client: DockerClient, id: string): Promise<boolean> {
  try {
    await client.find((docker) => docker.getImage(id).remove({ force: false }), { silenceMs: 120_000 });
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    throw error;
  }
}

function toFacts(found: ImageInspectInfo): ImageFacts {
  return {
    id: found.Id,
    labels: found.Config.Labels ?? {},
    variables: (found.Config.Env ?? []).map((entry) => entry.split('=', 1)[0] ?? ''),
    sizeBytes: found.Size,
  };
}
