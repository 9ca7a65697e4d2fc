import { lanesForVram } from '../../core/frames/batches.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { hostStatus } from '../hosts/host-upkeep.ts';
import type { UpscaleRequest } from '../video/video-types.ts';

export interface LaneCount {
  readonly lanes: number;
  /** A worker may find that fewer are as fast. */
  readonly isOpen: boolean;
}

const bytesPerGb = 1024 ** 3;

/** The most that the table of GPUs gives. */
const mostLanes = 4;

/** Cores that decoding, resampling and encoding keep busy together, for each lane that resamples. */
const coresPerLane = 4;

/** As many as were asked for; else by the memory of the host's GPU, and by cores where no GPU is used. */
export async function countLanes(
  { upscaling: { workers, engine }, host }: Pick<UpscaleRequest, 'upscaling' | 'host'>,
  ports: Pick<Ports, 'upkeep' | 'machines' | 'parallelism'>,
): Promise<LaneCount> {
  if (workers !== 'auto') return { lanes: workers, isOpen: false };
  const byCores = Math.max(1, Math.min(4, Math.floor(ports.parallelism / coresPerLane)));
  if (engine !== 'onnx') return { lanes: byCores, isOpen: false };
  const memoryBytes = await smallestGpu(host, ports);
  if (memoryBytes !== null) return { lanes: lanesForVram(memoryBytes / bytesPerGb), isOpen: true };
  // A host reports its GPUs only while a container runs there; the worker then finds out how many lanes are the fastest.
  return { lanes: host === localHostName ? byCores : mostLanes, isOpen: true };
}

/** Memory of the smallest GPU of a host, in bytes: every worker has to fit. Null where there is none. */
async function smallestGpu(host: string, ports: Pick<Ports, 'upkeep' | 'machines'>): Promise<number | null> {
  const machines = ports.machines(host);
  const statuses = machines.map((machine) =>
    hostStatus(machine, ports).catch((error: unknown) => {
      // A pool does without a machine that cannot be reached.
      const isDispensable = error instanceof AppError && error.code === 'host-unreachable';
      if (!isDispensable || machines.length === 1) throw error;
      return null;
    }),
  );
  const gpus = (await Promise.all(statuses)).flatMap((status) => status?.gpus ?? []);
  return gpus.length === 0 ? null : Math.min(...gpus.map(({ totalBytes }) => totalBytes));
}
