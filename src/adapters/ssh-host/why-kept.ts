import { setTimeout as delay } from 'node:timers/promises';
import type { SlotStatus } from '../../protocol/slot.ts';
import type { KeptContainer } from '../docker/slot-container.ts';
import type { SlotApi } from './slot-api.ts';

/** How long a slot may be silent until it counts as one that nobody misses, in milliseconds. */
const silenceMs = 10_000;

/** How long one look waits for an answer, in milliseconds. */
const lookTimeoutMs = 3_000;

/** Pause between two looks, in milliseconds. */
const pauseMs = 500;

/**
 * Why a slot's container may not be replaced: a run in it is worked on, or somebody reads its events, and may hand
 * work over at any moment. Null when it may: one that is silent for long has nothing to lose, because what it was
 * given is on the disk.
 */
export async function whyKept(slot: Pick<SlotApi, 'status'>): Promise<KeptContainer | null> {
  const deadlineMs = performance.now() + silenceMs;
  for (;;) {
    const status = await slot.status(lookTimeoutMs);
    if (status) return busyRunOf(status);
    if (performance.now() > deadlineMs) return null;
    await delay(pauseMs);
  }
}

function busyRunOf({ runs }: SlotStatus): KeptContainer | null {
  const busy = runs.find((run) => run.status.status !== 'idle' || run.is_watched === true);
  return busy ? { runId: busy.run_id } : null;
}
