import type { Clock } from '../../ports/clock.ts';
import type { HealthCheck } from './health.ts';
import type { ServerProcess } from './server-process.ts';

/** A loading server's health is looked at so often, in milliseconds; less often when it takes long. */
const quickLookMs = 100;
const slowLookMs = 1_000;
const quickLooks = 100;

/** How a server is waited for. */
interface HealthPatience {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Waits until a server that loads is well, has ended, or takes too long. Rejects with the signal's reason. */
export async function awaitHealth(
  process: ServerProcess,
  health: HealthCheck,
  { clock, timeoutMs, signal }: HealthPatience,
): Promise<'well' | 'ended' | 'late'> {
  const beganMs = performance.now();
  for (let looks = 0; !process.hasEnded; looks += 1) {
    const isWell = (await health.look(signal)) === 'ok';
    // Ended, and well all the same: then somebody else answers on its port.
    if (isWell && !process.hasEnded) return 'well';
    if (performance.now() - beganMs > timeoutMs) return 'late';
    await clock.sleep(looks < quickLooks ? quickLookMs : slowLookMs, signal);
  }
  return 'ended';
}
