import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { AppError } from '../../errors/app-error.ts';
import type { PreparedHost, PrepareProgress } from '../../ports/host-upkeep.ts';
import { answerAs, networksSchema } from './answers.ts';
import { type BuildContext, type BuildFiles, readBuildContext } from './build-context.ts';
import { labels } from './container-spec.ts';
import type { DockerClient } from './docker-client.ts';
import { runImageJob } from './image-job.ts';
import { findImage, type ImageFacts, isBuilt, type WorkerImage } from './images.ts';

interface ImageRequest {
  readonly client: DockerClient;
  readonly image: WorkerImage;
  readonly files: BuildFiles;
  /** Build or pull even where the right image is there. */
  readonly isForced: boolean;
}

type OnProgress = (progress: PrepareProgress) => void;

/**
 * Builds or pulls an image of workers on the host. Nothing is sent or done when it is there already.
 *
 * @throws AppError `image-failed`, `disk-full`, `prerequisite-missing`, and the errors of connecting.
 */
export async function prepareImage(
  request: ImageRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<PreparedHost> {
  if (isBuilt(request.image)) return await ensureBuilt(request, onProgress, signal);
  const { client, isForced } = request;
  const { name: image } = request.image;
  const present = isForced ? null : await findImage(client, image, { signal });
  if (present) return { image, imageId: present.id, outcome: 'present' };
  const pulled = await pull(client, image, onProgress, signal);
  return { image, imageId: pulled.id, outcome: 'pulled' };
}

async function ensureBuilt(
  request: ImageRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<PreparedHost> {
  const { client, isForced } = request;
  const { name: image, baseImage } = request.image;
  const [context, present, presentBase] = await Promise.all([
    readBuildContext(request.files, baseImage),
    findImage(client, image, { signal }),
    baseImage === '' ? null : findImage(client, baseImage, { signal }),
  ]);
  if (present && !isForced && isCurrent(present, context, presentBase))
    return { image, imageId: present.id, outcome: 'present' };
  const base = baseImage === '' ? null : (presentBase ?? (await pull(client, baseImage, onProgress, signal)));
  await build(request, context, base, onProgress, signal);
  const built = await findImage(client, image, { signal });
  if (!built) throw vanished(client, image);
  return { image, imageId: built.id, outcome: 'built' };
}

/** A base image that has since been removed does not matter: the image has all of it. */
function isCurrent(present: ImageFacts, context: BuildContext, base: ImageFacts | null): boolean {
  if (present.labels[labels.content] !== context.contentHash) return false;
  return base === null || present.labels[labels.base] === base.id;
}

async function build(
  request: ImageRequest,
  context: BuildContext,
  base: ImageFacts | null,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const { client, isForced } = request;
  const { name: image, baseImage } = request.image;
  const options: Dockerode.ImageBuildOptions = {
    t: image,
    // The classic builder: every daemon has it, and it needs no session beside the request.
    version: '1',
    rm: true,
    forcerm: true,
    nocache: isForced,
    labels: { [labels.content]: context.contentHash, ...(base && { [labels.base]: base.id }) },
    buildargs: base ? buildArguments(baseImage, base) : {},
    ...((await hasBridge(client, signal)) ? {} : { networkmode: 'host' }),
  };
  onProgress({ message: `Building ${image}`, fraction: 0 });
  const begin = (docker: Dockerode) => docker.buildImage(Readable.from([context.archive]), { ...options });
  await runImageJob(client, { verb: 'built', image, begin }, onProgress, signal);
}

/**
 * A base that has Node needs no other image for it. Official Node images, and what is built on them, are known by
 * the variable `NODE_VERSION`, and have it under /usr/local.
 */
function buildArguments(baseImage: string, base: ImageFacts): Record<string, string> {
  const hasNode = base.variables.includes('NODE_VERSION');
  return { BASE_IMAGE: baseImage, ...(hasNode && { NODE_IMAGE: baseImage }) };
}

/** A daemon without a bridge network cannot give one to the steps of a build; they use the host's. */
async function hasBridge(client: DockerClient, signal: AbortSignal): Promise<boolean> {
  const answer: unknown = await client.call((docker) => docker.listNetworks(), { signal });
  const networks = answerAs(networksSchema, answer, 'its networks', client.daemon);
  return networks.some(({ Driver: driver }) => driver === 'bridge');
}

async function pull(
  client: DockerClient,
  image: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<ImageFacts> {
  onProgress({ message: `Pulling ${image}`, fraction: 0 });
  const begin = (docker: Dockerode) => docker.pull(image, {});
  await runImageJob(client, { verb: 'pulled', image, begin }, onProgress, signal);
  const pulled = await findImage(client, image, { signal });
  if (!pulled) throw vanished(client, image);
  return pulled;
}

function vanished(client: DockerClient, image: string): AppError {
  return new AppError({
    code: 'image-failed',
    message: `${client.daemon.hostName}: Docker reports that it built the image ${image}, but does not have it.`,
    nextStep: 'Try again; another client may have removed it.',
  });
}
