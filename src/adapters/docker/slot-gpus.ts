import { AppError } from '../../errors/app-error.ts';

interface GpuSettings {
  /** `[hosts.NAME] gpus`: `none`, `all`, or a list such as `0,1`. */
  readonly gpus: string;
  /** `[upsampling.docker] num_gpu`: how many each worker gets. */
  readonly numGpu: number;
  /** `[upsampling.docker] cuda_devices`: which ones, where `gpus` says `all`. */
  readonly cudaDevices: string;
  readonly workers: number;
}

/**
 * The GPUs of one slot, by the numbers (or ids) that nvidia-smi shows on the host: slot n takes the n-th `numGpu` of
 * the host's pool. `all` means `cudaDevices` when that is long enough for all workers, else the first ones there are.
 *
 * @throws AppError `config-invalid` when the pool is too small for all workers.
 */
export function gpusOfSlot(settings: GpuSettings, slotId: number): readonly string[] {
  const { gpus, numGpu, workers } = settings;
  if (gpus === 'none' || numGpu === 0) return [];
  const needed = workers * numGpu;
  const pool = gpus === 'all' ? wholePool(settings.cudaDevices, needed) : listOf(gpus);
  if (pool.length < needed || slotId >= workers)
    throw new AppError({
      code: 'config-invalid',
      message: `${workers} workers with ${numGpu} GPUs each need ${needed} GPUs, but gpus = "${gpus}" names ${pool.length}.`,
      nextStep: 'Lower workers or num_gpu, or name more GPUs in gpus.',
    });
  return pool.slice(slotId * numGpu, (slotId + 1) * numGpu);
}

function wholePool(cudaDevices: string, needed: number): string[] {
  const named = listOf(cudaDevices);
  return named.length >= needed ? named : Array.from({ length: needed }, (_unused, index) => String(index));
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
