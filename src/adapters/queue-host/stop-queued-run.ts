import { isDiskFull } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { RedisJobs } from '../queue/redis-jobs.ts';
import type { StoredJobs } from './stored-jobs.ts';

/** How long workers that are stopped may take to notice it, in milliseconds. */
const stopGraceMs = 20_000;

const stopPollMs = 100;

interface StoppedRun {
  readonly runId: string;
  readonly jobs: RedisJobs;
  readonly stored: StoredJobs;
  readonly store: SharedStore;
  readonly clock: Clock;
}

/** Takes the jobs of a run out of the queue, and waits until no worker has one any more. */
export async function stopQueuedRun(
  { runId, jobs, stored, store, clock }: StoppedRun,
  drainMs: number,
): Promise<void> {
  const open = stored.openJobs(await stored.finishedKeys());
  if (open.length === 0) return;
  const mark = JSON.stringify({ version: protocolVersion, drain_ms: drainMs });
  await jobs.setCancelled(runId, drainMs);
  await store.files.publish(`${layout.run(runId)}/${layout.cancelMark}`, mark).catch((error: unknown) => {
    // Workers are told by the queue; the mark is for those that find its jobs later.
    if (!isDiskFull(error)) throw error;
  });
  const deadlineMs = clock.now() + drainMs + stopGraceMs;
  let left = [...open];
  while (left.length > 0 && clock.now() < deadlineMs) {
    const removed = new Set<string>();
    for (const [kind, ofKind] of Map.groupBy(left, (job) => job.kind)) {
      const ids = ofKind.map(({ jobId }) => jobId);
      for (const id of await jobs.remove(kind, ids)) removed.add(id);
    }
    left = left.filter(({ jobId }) => !removed.has(jobId));
    if (left.length > 0) await clock.sleep(stopPollMs);
  }
}
