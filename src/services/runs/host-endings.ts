import { AppError, messageOf } from '../../errors/app-error.ts';

/** What a run's side of its host can be let go by. */
export interface Closable {
  /** @param drainMs - How long the workers may finish what is in flight; null lets them go on. */
  close(drainMs: number | null, stopListening: () => void): Promise<void>;
}

/**
 * Lets go of a host when everything is settled: one that is lost meanwhile takes nothing from the run, and `onTrouble`
 * hears why its workers could not be told.
 */
export async function letGo(
  host: Closable,
  drainMs: number | null,
  stopListening: () => void,
  onTrouble: (reason: string) => void,
): Promise<void> {
  try {
    await host.close(drainMs, stopListening);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    onTrouble(messageOf(error));
  }
}

/** Whether something was thrown because the host is away. */
export function isAway(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === 'host-unreachable';
}

/** What a person reads when a run is stopped whose host could not be told to. */
export function goesOnText(hostName: string, runId: string): string {
  return `${hostName} could not be told to stop: what was handed over goes on there. Stop it with: cosmos cancel ${runId}`;
}

/** Rejects with the signal's reason when it aborts; it may do so when nobody waits for it any more. */
export function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  rejected.catch(() => undefined);
  return rejected;
}
