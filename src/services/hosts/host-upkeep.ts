import type { CheckResult } from '../../ports/diagnostics.ts';
import type {
  HostFacts,
  HostUpkeep,
  ImageRole,
  PreparedHost,
  PrepareProgress,
} from '../../ports/host-upkeep.ts';
import type { Ports } from '../../ports/ports.ts';

/** What `host prepare` came to. JSON, so snake_case. */
export interface PreparationDocument {
  readonly version: 1;
  readonly host: string;
  readonly image: string;
  readonly image_id: string;
  readonly outcome: PreparedHost['outcome'];
  readonly duration_ms: number;
}

/** Does something with a host's upkeep, and closes it. @throws AppError `host-unknown`, and what `work` throws. */
export async function withUpkeep<T>(
  host: string,
  ports: Pick<Ports, 'upkeep'>,
  work: (upkeep: HostUpkeep) => Promise<T>,
): Promise<T> {
  const upkeep = ports.upkeep(host);
  try {
    return await work(upkeep);
  } finally {
    await upkeep.close();
  }
}

/** Checks every prerequisite on a host, each named after it. @throws AppError `host-unknown`; all else is a result. */
export async function checkHost(host: string, ports: Pick<Ports, 'upkeep'>): Promise<readonly CheckResult[]> {
  const checks = await withUpkeep(host, ports, (upkeep) => upkeep.check());
  return checks.map((check) => ({ ...check, name: `${host}: ${check.name}` }));
}

/** The state of a host. @throws AppError `host-unknown`, `host-unreachable` and the other errors of connecting. */
export async function hostStatus(host: string, ports: Pick<Ports, 'upkeep'>): Promise<HostFacts> {
  return await withUpkeep(host, ports, (upkeep) => upkeep.status());
}

/** Builds or pulls an image of workers on a host. @throws AppError as {@link Ports.upkeep} and `HostUpkeep.prepare`. */
export async function prepareHost(
  request: { readonly host: string; readonly role: ImageRole; readonly isForced: boolean },
  ports: Pick<Ports, 'upkeep'>,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<PreparationDocument> {
  const { host } = request;
  const startedMs = performance.now();
  const { image, imageId, outcome } = await withUpkeep(host, ports, (upkeep) =>
    upkeep.prepare(request, onProgress, signal),
  );
  const durationMs = Math.round(performance.now() - startedMs);
  return { version: 1, host, image, image_id: imageId, outcome, duration_ms: durationMs };
}
