const bytesPerMib = 1024 ** 2;

/** More than a machine has GPUs, and than their names are long. */
const mostLines = 256;
const maxLineLength = 500;

/** One GPU as `nvidia-smi` shows it; sizes in bytes. */
interface GpuReading {
  readonly index: number;
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
}

/** Arguments of `nvidia-smi` whose answer {@link parseGpus} reads. */
export const gpuQuery = [
  '--query-gpu=index,name,memory.used,memory.total',
  '--format=csv,noheader,nounits',
] as const;

/**
 * Reads the answer to {@link gpuQuery}: a line a GPU, sizes in MiB, 0 where a GPU does not report them. Lines that say
 * something else are left out.
 */
export function parseGpus(text: string): GpuReading[] {
  const lines = text.split('\n', mostLines).filter((line) => line.length <= maxLineLength);
  return lines.flatMap((line) => {
    const match = /^\s*(\d+)\s*,\s*(.+?)\s*,\s*([^,]+?)\s*,\s*([^,]+?)\s*$/.exec(line);
    if (!match) return [];
    const [, index, name = '', used, total] = match;
    return [{ index: Number(index), name, usedBytes: toBytes(used), totalBytes: toBytes(total) }];
  });
}

function toBytes(mib: string | undefined): number {
  const count = Number(mib);
  return Number.isFinite(count) ? count * bytesPerMib : 0;
}
