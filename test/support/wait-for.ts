import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `isTrue`, looked at every 20 ms; a check that throws counts as no. Throws after `timeoutMs`, which only
 * bounds how long a failure takes: it is far more than a busy machine needs.
 */
export async function waitFor(isTrue: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let reason: unknown = null;
  for (;;) {
    try {
      if (await isTrue()) return;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`not true within ${timeoutMs} ms: ${isTrue}`, { cause: reason });
    }
    await delay(20);
  }
}
