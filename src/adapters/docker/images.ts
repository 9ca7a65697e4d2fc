import pMap from 'p-map';
import { z } from 'zod';
import type { HostSettings, Settings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { answerAs, imageSchema, listedContainersSchema, listedImagesSchema } from './answers.ts';
import { labels } from './container-spec.ts';
import type { CallLimits, DockerClient } from './docker-client.ts';
import { statusOf } from './docker-errors.ts';

/** Repositories of images that are built on the host itself; all others are pulled. */
const ownRepositories: Readonly<Record<ImageRole, string>> = {
  upsampler: 'cosmos-upsampler',
  upscaler: 'cosmos-upscaler',
  inference: 'cosmos-inference',
};

/** All roles, the one that most runs need first. */
export const imageRoles = ['upsampler', 'upscaler', 'inference'] as const satisfies readonly ImageRole[];

/** An image of workers as the settings name it. */
export interface WorkerImage {
  readonly role: ImageRole;
  /** `[hosts.NAME] image` or `upscaler_image`, or `[inference] image`. */
  readonly name: string;
  /** What it is built on; empty for its Dockerfile's own, which that of `inference` does not have. */
  readonly baseImage: string;
}

/** Where the images of workers are named. */
export interface ImageSettings {
  /** `[hosts.NAME]`. */
  readonly settings: Pick<HostSettings, 'image' | 'base_image' | 'upscaler_image' | 'upscaler_base_image'>;
  readonly inference: Pick<Settings['inference'], 'image' | 'base_image'>;
}

export function workerImageOf({ settings, inference }: ImageSettings, role: ImageRole): WorkerImage {
  if (role === 'inference') return { role, name: inference.image, baseImage: inference.base_image };
  return role === 'upsampler'
    ? { role, name: settings.image, baseImage: settings.base_image }
    : { role, name: settings.upscaler_image, baseImage: settings.upscaler_base_image };
}

/** @throws AppError `config-invalid` where it is to be built on a model's own image, and none is named. */
export function refuseMissingBase({ role, name, baseImage }: WorkerImage): void {
  if (role !== 'inference' || baseImage !== '' || !isBuilt({ role, name })) return;
  throw new AppError({
    code: 'config-invalid',
    message: `inference.base_image is not set: ${name} is built on the image of the model itself.`,
    nextStep:
      'Add base_image = "NAME:TAG" under [inference] in config.toml: an image with the model\'s program. How to build one: cosmos help hosts',
  });
}

/** Whether an image is built on the host, and not pulled. */
export function isBuilt({ role, name }: Pick<WorkerImage, 'role' | 'name'>): boolean {
  const repository = ownRepositories[role];
  return name === repository || name.startsWith(`${repository}:`);
}

/** The command that makes an image be on a host. */
export function prepareCommand(hostName: string, role: ImageRole): string {
  return `cosmos host prepare ${hostName}${role === 'upsampler' ? '' : ` --${role}`}`;
}

/** Images whose history is read together. */
const readsAtOnce = 8;

/** Newest step first. */
const historySchema = z.array(z.object({ CreatedBy: z.string() }));

export interface ImageFacts {
  /** Docker's id: `sha256:…`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the environment variables that it sets. */
  readonly variables: readonly string[];
}

/** The image called `name`, which may be an id; null when the host does not have it. */
export async function findImage(
  client: DockerClient,
  name: string,
  limits: CallLimits = {},
): Promise<ImageFacts | null> {
  const found: unknown = await client.find((docker) => docker.getImage(name).inspect(), limits);
  return found === null ? null : toFacts(answerAs(imageSchema, found, `the image ${name}`, client.daemon));
}

/** An image that cosmos built, and whose name a newer image has now. */
interface OldImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
  /** By the host's clock, in milliseconds since the epoch. */
  readonly createdMs: number;
}

/**
 * Images that cosmos built, other than those of the given names, that no container uses. An image with another name
 * belongs to a user, and so does an image that a user built on ours, although it has our labels as well.
 */
export async function findOldImages(client: DockerClient, names: readonly string[]): Promise<OldImage[]> {
  const filters = JSON.stringify({ label: [labels.content] });
  const [current, imagesAnswer, containersAnswer] = await Promise.all([
    Promise.all(names.map((name) => findImage(client, name))),
    client.call<unknown>((docker) => docker.listImages({ filters })),
    client.call<unknown>((docker) => docker.listContainers({ all: true })),
  ]);
  const labelled = answerAs(listedImagesSchema, imagesAnswer, 'its images', client.daemon);
  const containers = answerAs(listedContainersSchema, containersAnswer, 'its containers', client.daemon);
  const used = new Set([...current.map((image) => image?.id), ...containers.map(({ ImageID: id }) => id)]);
  const old = labelled
    .filter((found) => !used.has(found.Id))
    .map((found) => ({
      id: found.Id,
      names: (found.RepoTags ?? []).filter((name) => !name.startsWith('<none>')),
      sizeBytes: found.Size,
      createdMs: found.Created * 1000,
    }))
    .filter(({ names: found }) => found.every((name) => imageRoles.some((role) => isBuilt({ role, name }))));
  const areOurs = await pMap(old, ({ id }) => endsWithOurLabels(client, id), { concurrency: readsAtOnce });
  return old.filter((_, index) => areOurs[index]);
}

/** The last step of a build of ours is its labels; an image that is built on it has further steps. */
async function endsWithOurLabels(client: DockerClient, id: string): Promise<boolean> {
  const steps = await client.find((docker) => docker.getImage(id).history());
  const last = historySchema.safeParse(steps).data?.[0]?.CreatedBy ?? '';
  return /\bLABEL\b/.test(last) && last.includes(`${labels.content}=`);
}

/** Removes an image, unless a container uses it. @returns whether it is gone. */
export async function removeImage(client: DockerClient, id: string): Promise<boolean> {
  try {
    await client.find((docker) => docker.getImage(id).remove({ force: false }), { silenceMs: 120_000 });
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    throw error;
  }
}

function toFacts(found: z.infer<typeof imageSchema>): ImageFacts {
  return {
    id: found.Id,
    labels: found.Config.Labels,
    variables: (found.Config.Env ?? []).map((entry) => entry.split('=', 1)[0] ?? ''),
  };
}
