import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { layout } from '../../protocol/layout.ts';
import { confinement } from './confinement.ts';
import { mountPoints, slotEnvironment } from './slot-environment.ts';

/** Names of the labels on whatever cosmos makes in an engine. */
export const labels = {
  /** The host's root folder that a container works in. */
  root: 'cosmos.root',
  slot: 'cosmos.slot',
  /** Hash of everything a container was made from: the same hash, the same container. */
  spec: 'cosmos.spec',
  /** On an image: hash of what it was built from. */
  content: 'cosmos.content',
  /** On an image: the id of the image it stands on, where the settings name one. */
  base: 'cosmos.base',
} as const;

const gib = 1024 ** 3;

/** What one slot's container is made from. */
export interface SlotContainerSettings {
  /** The host's root folder there, absolute. */
  readonly rootPath: string;
  readonly slotId: number;
  /** Docker's id of the image: `sha256:…`. */
  readonly imageId: string;
  /** Who owns the root folder; 0 and 0 with a rootless engine, whose root is that user. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Numbers or ids as nvidia-smi shows them on the host; see `gpusOfSlot`. */
  readonly gpuIds: readonly string[];
  readonly network: 'none' | 'host';
  /** Folder of weights on the host, absolute; null for none. */
  readonly modelsDir: string | null;
  readonly idleTimeoutMs: number;
}

/** What Docker is asked for, and under which name. */
export interface SlotContainerSpec {
  readonly name: string;
  readonly options: ContainerCreateOptions;
  /** The value of the label `cosmos.spec`. */
  readonly specHash: string;
}

/** The name of a slot's container. It is unique on the host, and so the lock that keeps a slot from running twice. */
export function slotContainerName(rootPath: string, slotId: number): string {
  return `cosmos-${sha256(rootPath).slice(0, 8)}-slot-${slotId}`;
}

/** Everything about one slot's container: pure, so that two clients with the same settings adopt each other's. */
export function slotContainerSpec(settings: SlotContainerSettings): SlotContainerSpec {
  const { rootPath, slotId, imageId, user, idleTimeoutMs } = settings;
  const plain: ContainerCreateOptions = {
    Image: imageId,
    User: `${user.uid}:${user.gid}`,
    WorkingDir: '/tmp',
    Cmd: ['--root', mountPoints.root, '--slot', String(slotId), '--idle-timeout-ms', String(idleTimeoutMs)],
    Env: slotEnvironment(settings),
    StopTimeout: 30,
    HostConfig: hostConfig(settings),
  };
  const specHash = sha256(JSON.stringify(plain));
  const own = { [labels.root]: rootPath, [labels.slot]: String(slotId), [labels.spec]: specHash };
  return { name: slotContainerName(rootPath, slotId), options: { ...plain, Labels: own }, specHash };
}

function hostConfig(settings: SlotContainerSettings): HostConfig {
  const { gpuIds, rootPath, modelsDir } = settings;
  const hasGpus = gpuIds.length > 0;
  return {
    ...confinement,
    NetworkMode: settings.network,
    Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${hasGpus ? 8 * gib : gib}` },
    // Unlike `Binds`, mounts take any path as it is, and fail where a folder is missing instead of making it.
    Mounts: [
      { Type: 'bind', Source: rootPath, Target: mountPoints.root },
      // Clients write there under names that can be guessed: a link in the way would lead them elsewhere.
      {
        Type: 'bind',
        Source: posix.join(rootPath, layout.incoming),
        Target: posix.join(mountPoints.root, layout.incoming),
        ReadOnly: true,
      },
      ...(modelsDir === null
        ? []
        : [{ Type: 'bind' as const, Source: modelsDir, Target: mountPoints.models, ReadOnly: true }]),
    ],
    ...(hasGpus && {
      DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...gpuIds], Capabilities: [['gpu']] }],
      // What the processes of one engine exchange; instead of the host's IPC.
      ShmSize: 8 * gib,
    }),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    Init: true,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    // A container that ended keeps its log and its exit code.
    AutoRemove: false,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
