import type { ImageRole, PreparedHost, PrepareProgress } from '../../ports/host-upkeep.ts';
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

/** Makes an image of workers be on a host. @throws AppError as {@link Ports.upkeep} and `HostUpkeep.prepare`. */
export async function prepareHost(
  request: { readonly host: string; readonly role: ImageRole; readonly isForced: boolean },
  ports: Pick<Ports, 'upkeep'>,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<PreparationDocument> {
  const startedMs = performance.now();
  const upkeep = ports.upkeep(request.host);
  try {
    const { image, imageId, outcome } = await upkeep.prepare(request, onProgress, signal);
    const durationMs = Math.round(performance.now() - startedMs);
    return { version: 1, host: request.host, image, image_id: imageId, outcome, duration_ms: durationMs };
  } finally {
    await upkeep.close();
  }
}
