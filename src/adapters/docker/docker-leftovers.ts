import { graceMs } from '../../core/upkeep/find-unneeded.ts';
import type { Unneeded } from '../../ports/host-upkeep.ts';
import {
  type FoundContainer,
  inspectContainer,
  listSlotContainers,
  removeEndedContainer,
} from './containers.ts';
import type { DockerClient } from './docker-client.ts';
import { findOldImages, removeImage } from './images.ts';

export interface DockerLeftover extends Unneeded {
  readonly kind: 'container' | 'image';
  /** Docker's, which no other thing will ever have. */
  readonly id: string;
}

/** What belongs to a host, and what keeps it. Times are milliseconds, by the host's clock. */
interface LeftoverRules {
  readonly root: string;
  readonly images: readonly string[];
  /** What ended or was built within this time stays. */
  readonly keepMs: number;
  readonly nowMs: number;
}

/** Containers of this root that have ended, and images of ours whose names newer ones have. */
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
  // A container that was only made is about to be started by a client, or was left behind when that failed.
  const sinceMs = Date.parse(hasEnded ? finishedAt : found.Created);
  const isYoung = !(nowMs - sinceMs >= (hasEnded ? keepMs : Math.max(keepMs, graceMs)));
  const reason = hasEnded ? 'it has ended' : 'it was never started';
  return isYoung ? [] : [{ kind: 'container', name, id, sizeBytes: null, reason }];
}
