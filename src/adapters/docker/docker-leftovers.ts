import { graceMs } from '../../core/upkeep/find-unneeded.ts';
import type { Unneeded } from '../../ports/host-upkeep.ts';
import { inspectContainer, removeEndedContainer } from './containers.ts';
import type { DockerClient } from './docker-client.ts';
import { findOldImages, removeImage } from './images.ts';
import { type FoundContainer, listSlotContainers } from './slot-containers.ts';

/** Something in the engine that nothing needs. */
export interface DockerLeftover extends Unneeded {
  readonly kind: 'container' | 'image';
  /** Docker's, which no other thing will ever have. */
  readonly id: string;
}

/** Where leftovers are looked for, and what keeps them. Times are milliseconds, by the host's clock. */
interface LeftoverRules {
  readonly root: string;
  /** The images that the settings name. */
  readonly images: readonly string[];
  /** What ended or was built within this time stays. */
  readonly keepMs: number;
  readonly nowMs: number;
}

/**
 * The time by the host's clock, which also stamps its files, in milliseconds since the epoch; 0, which makes everything
 * young, where the engine does not tell.
 */
export async function daemonTimeMs(client: DockerClient): Promise<number> {
  const info: { readonly SystemTime?: string } = await client.call((docker) => docker.info());
  return Date.parse(info.SystemTime ?? '') || 0;
}

/** Containers of this root that have ended, and images of ours that newer ones took the name of. */
export async function findDockerLeftovers(
  client: DockerClient,
  rules: LeftoverRules,
): Promise<readonly DockerLeftover[]> {
  const [containers, images] = await Promise.all([
    listSlotContainers(client, rules.root),
    findOldImages(client, rules.images),
  ]);
  const stopped = containers.filter(({ isRunning }) => !isRunning);
  const judged = await Promise.all(stopped.map((container) => judgeContainer(client, container, rules)));
  const old = images.filter(({ createdMs }) => rules.nowMs - createdMs >= rules.keepMs);
  return [
    ...judged.flat(),
    ...old.map(({ id, sizeBytes }) => ({
      kind: 'image' as const,
      name: id,
      id,
      sizeBytes,
      reason: `built by cosmos, and not ${rules.images.join(' or ')}`,
    })),
  ];
}

/** Whether something found is in the engine, and not among the files. */
export function isDockerLeftover(thing: Pick<Unneeded, 'kind'>): thing is DockerLeftover {
  return thing.kind === 'container' || thing.kind === 'image';
}

/** Removes one of them, unless it is used by now; gives whether it did. */
export async function removeDockerLeftover(
  client: DockerClient,
  { kind, id }: DockerLeftover,
): Promise<boolean> {
  return kind === 'container' ? await removeEndedContainer(client, id) : await removeImage(client, id);
}

async function judgeContainer(
  client: DockerClient,
  { id, name }: FoundContainer,
  { keepMs, nowMs }: LeftoverRules,
): Promise<DockerLeftover[]> {
  const found = await inspectContainer(client, id);
  if (!found) return [];
  const { Status: status, FinishedAt: finishedAt } = found.State;
  const hasEnded = status === 'exited' || status === 'dead';
  // One that was only made is about to be started by somebody, or was left behind when that failed.
  const sinceMs = Date.parse(hasEnded ? finishedAt : found.Created);
  const isYoung = !(nowMs - sinceMs >= (hasEnded ? keepMs : Math.max(keepMs, graceMs)));
  const reason = hasEnded ? 'it has ended' : 'it was never started';
  return isYoung ? [] : [{ kind: 'container', name, id, sizeBytes: null, reason }];
}
