import type { PreparedHost, PrepareProgress } from '../ports/host-upkeep.ts';
import type { Ports } from '../ports/ports.ts';

/** What `host prepare` came to. JSON, so snake_case. */
export interface PreparationDocument {
  readonly version: 1;
  readonly host: string;
  readonly image: string;
  readonly image_id: string;
  readonly outcome: PreparedHost['outcome'];
  readonly duration_ms: number;
}

/** Makes the worker's image be on a host. @throws AppError as {@link Ports.upkeep} and `HostUpkeep.prepare`. */
export async function prepareHost(
  request: { readonly host: string; readonly isForced: boolean },
  ports: Pick<Ports, 'upkeep'>,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<PreparationDocument> {
  const startedMs = performance.now();
  const upkeep = ports.upkeep(request.host);
  try {
    const { image, imageId, outcome } = await upkeep.prepare(
      { isForced: request.isForced },
      onProgress,
      signal,
    );
    const durationMs = Math.round(performance.now() - startedMs);
    return { version: 1, host: request.host, image, image_id: imageId, outcome, duration_ms: durationMs };
  } finally {
    await upkeep.close();
  }
}
