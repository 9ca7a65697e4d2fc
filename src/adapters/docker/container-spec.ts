import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import { layout } from '../../protocol/layout.ts';

/** Names of the labels on all that cosmos makes on a host. */
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

/**
 * What no worker's container may do, whatever the settings say: gain rights, write outside its mounts, or take all
 * of the host's processes. The network is left to the settings.
 */
export const confinement = {
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges:true'],
  ReadonlyRootfs: true,
  Privileged: false,
  // A model server for a large model runs some hundred threads, each of which counts.
  PidsLimit: 4096,
} as const satisfies HostConfig;

/** Paths inside a container. */
const mountPoints = { root: '/cosmos', models: '/models', checkpoints: '/checkpoints' } as const;

/** Folders of the root that containers write in. */
const writtenFolders = [layout.objects, layout.runs, layout.slots, layout.cache];

/** What model servers keep between starts, such as compiled kernels, outlives the container. */
const cache = `${mountPoints.root}/${layout.cache}`;

/** Folders of programs that would otherwise write below a home folder, which the container does not have. */
const writableFolders = {
  HOME: '/tmp',
  XDG_CONFIG_HOME: '/tmp/config',
  XDG_CACHE_HOME: cache,
  HF_HOME: `${cache}/huggingface`,
  VLLM_CACHE_ROOT: `${cache}/vllm`,
  VLLM_CONFIG_ROOT: '/tmp/vllm',
  TRITON_CACHE_DIR: `${cache}/triton`,
  TORCHINDUCTOR_CACHE_DIR: `${cache}/torchinductor`,
  FLASHINFER_WORKSPACE_BASE: cache,
  CUDA_CACHE_PATH: `${cache}/cuda`,
  NUMBA_CACHE_DIR: `${cache}/numba`,
  MPLCONFIGDIR: '/tmp/matplotlib',
};

/** The same for the programs of Cosmos models. */
const modelFolders = { TORCH_HOME: `${cache}/torch`, IMAGINAIRE_OUTPUT_ROOT: '/tmp/imaginaire' };

const gib = 1024 ** 3;

/** What containers see of a folder of weights, to read. */
export interface Weights {
  /** Folders of the host, absolute, and where each is seen below the mount point; '' for the mount point itself. */
  readonly mounts: readonly { readonly source: string; readonly below: string }[];
  /** Where the cache of Hugging Face is below the mount point. */
  readonly hub: string;
}

/** What a container has in which a Cosmos model's own program runs. */
export interface ModelProgramSettings {
  readonly shmSizeBytes: number;
  /** The model's own weights; null for none. */
  readonly checkpoints: Weights | null;
}

export interface SlotContainerSettings {
  /** The host's root folder there, absolute. */
  readonly rootPath: string;
  readonly slotId: number;
  readonly imageId: string;
  /** The owner of the root folder; 0 and 0 with a rootless daemon, whose root is that user. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Numbers or ids as nvidia-smi shows them on the host; see `gpusOfSlot`. */
  readonly gpuIds: readonly string[];
  readonly network: 'none' | 'host';
  /** Null for none. */
  readonly models: Weights | null;
  /** Null where no Cosmos model's own program runs in it. */
  readonly modelProgram: ModelProgramSettings | null;
  readonly idleTimeoutMs: number;
}

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
  const { rootPath, slotId, imageId, user, idleTimeoutMs, modelProgram } = settings;
  const plain: ContainerCreateOptions = {
    Image: imageId,
    User: `${user.uid}:${user.gid}`,
    // The program of a model is found from its image's own working folder.
    ...(modelProgram === null && { WorkingDir: '/tmp' }),
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
  const { gpuIds, rootPath, models, modelProgram } = settings;
  const hasGpus = gpuIds.length > 0;
  const tmpBytes = modelProgram ? 16 * gib : hasGpus ? 8 * gib : gib;
  return {
    ...confinement,
    NetworkMode: settings.network,
    Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${tmpBytes}` },
    // Unlike `Binds`, mounts take any path as it is, and fail where a folder is missing instead of making it.
    Mounts: [
      // Never the root itself: it keeps other users of the host away from what a container leaves there, whatever rights
      // the container gives its own folders.
      ...writtenFolders.map((folder) => rootMount(rootPath, folder)),
      // Clients write there under names that can be guessed: a link of a container's would lead them elsewhere.
      { ...rootMount(rootPath, layout.incoming), ReadOnly: true },
      ...weights(models, mountPoints.models),
      ...weights(modelProgram?.checkpoints ?? null, mountPoints.checkpoints),
    ],
    ...(hasGpus && {
      DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...gpuIds], Capabilities: [['gpu']] }],
      // For what the processes of one model server exchange, instead of the host's IPC.
      ShmSize: 8 * gib,
    }),
    ...(modelProgram && { ShmSize: modelProgram.shmSizeBytes }),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    Init: true,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    // A container that ended keeps its log and its exit code.
    AutoRemove: false,
  };
}

function rootMount(rootPath: string, folder: string): MountSettings {
  return {
    Type: 'bind',
    Source: posix.join(rootPath, folder),
    Target: posix.join(mountPoints.root, folder),
  };
}

function weights(found: Weights | null, target: string): MountSettings[] {
  return (found?.mounts ?? []).map(({ source, below }) => ({
    Type: 'bind',
    Source: source,
    Target: posix.join(target, below),
    ReadOnly: true,
  }));
}

/** Environment of a slot's container, as Docker takes it: `NAME=value`, sorted. */
function slotEnvironment(settings: SlotContainerSettings): string[] {
  const environment: Record<string, string> = {
    ...writableFolders,
    // Programs ask for the user's name, and no user list in the image has the user's id.
    USER: 'cosmos',
    LOGNAME: 'cosmos',
    ...(settings.models !== null && { HF_HUB_CACHE: posix.join(mountPoints.models, settings.models.hub) }),
    // Without a network a query of the hub for newer weights only costs time.
    ...(settings.network === 'none' && { HF_HUB_OFFLINE: '1' }),
    ...(settings.modelProgram && modelEnvironment(settings.modelProgram, settings.network)),
  };
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

function modelEnvironment({ checkpoints }: ModelProgramSettings, network: 'none' | 'host') {
  return {
    ...modelFolders,
    ...(checkpoints !== null && { COSMOS_CHECKPOINTS_DIR: mountPoints.checkpoints }),
    // Some programs run the hub's own tool by `uvx`, which has it in the cache or nowhere.
    ...(network === 'none' && { TRANSFORMERS_OFFLINE: '1', UV_OFFLINE: '1' }),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
