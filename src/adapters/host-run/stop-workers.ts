import type { RunWorker } from './run-workers.ts';

/**
 * Stops all workers, side by side; one that cannot be stopped keeps no other one from it.
 *
 * @param drainMs - How long what is in flight may take to finish, in milliseconds.
 * @throws What the first of those threw.
 */
export async function stopWorkers(
  workers: readonly Pick<RunWorker, 'stop'>[],
  drainMs: number,
): Promise<void> {
  const outcomes = await Promise.allSettled(workers.map((worker) => worker.stop(drainMs)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
