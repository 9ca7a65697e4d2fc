import { layout } from '../../protocol/layout.ts';

/** Where a container sees things. */
export const mountPoints = { root: '/cosmos', models: '/models' } as const;

/** What engines keep between starts, such as compiled kernels, outlives the container. */
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

/** Environment of a slot's container, as Docker takes it: `NAME=value`, sorted. */
export function slotEnvironment(settings: {
  readonly network: 'none' | 'host';
  readonly modelsDir: string | null;
}): string[] {
  const environment: Record<string, string> = {
    ...writableFolders,
    // Programs ask for the name of the user, whose number no user list in the image has.
    USER: 'cosmos',
    LOGNAME: 'cosmos',
    // The weights folder is laid out as a Hugging Face home (~/.cache/huggingface): its cache is the folder `hub`.
    ...(settings.modelsDir !== null && { HF_HUB_CACHE: `${mountPoints.models}/hub` }),
    // Without a network a look at the hub for newer weights only costs time.
    ...(settings.network === 'none' && { HF_HUB_OFFLINE: '1' }),
  };
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}
