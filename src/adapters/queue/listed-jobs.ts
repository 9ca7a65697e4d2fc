import type { Redis } from 'ioredis';
import { AppError } from '../../errors/app-error.ts';
import { runIdSchema } from '../../protocol/identifiers.ts';
import { jobKinds } from '../../protocol/queue.ts';

/** Ids that are listed at once, and in all; runs that may have jobs. Far more than any queue has. */
const idsAtOnce = 10_000;
const mostListed = 500_000;
const mostRuns = 20_000;

export interface RunCounts {
  waiting: number;
  active: number;
  failed: number;
}

/** Where BullMQ lists the ids of a queue's jobs. */
const places = [
  { name: 'wait', isSorted: false, state: 'waiting' },
  { name: 'paused', isSorted: false, state: 'waiting' },
  { name: 'delayed', isSorted: true, state: 'waiting' },
  { name: 'waiting-children', isSorted: true, state: 'waiting' },
  { name: 'active', isSorted: false, state: 'active' },
  { name: 'failed', isSorted: true, state: 'failed' },
] as const;

/** Jobs of all kinds, by their runs. @throws AppError `host-refused` for more than any queue has. */
export async function countsByRun(redis: Redis, prefix: string): Promise<ReadonlyMap<string, RunCounts>> {
  const runs = new Map<string, RunCounts>();
  let listed = 0;
  for await (const { jobIds, state } of listJobs(redis, prefix)) {
    listed += jobIds.length;
    for (const jobId of jobIds) {
      // What is no id of a job is of another program: a run's id becomes the name of a folder.
      const runId = runIdSchema.safeParse(jobId.slice(0, jobId.lastIndexOf('.'))).data;
      if (runId === undefined) continue;
      const counts = runs.get(runId) ?? { waiting: 0, active: 0, failed: 0 };
      counts[state] += 1;
      runs.set(runId, counts);
    }
    if (listed > mostListed || runs.size > mostRuns) throw tooManyJobs();
  }
  return runs;
}

/** Ids of all jobs, some at a time; while jobs change their places, one may be listed twice or not at all. */
async function* listJobs(
  redis: Redis,
  prefix: string,
): AsyncGenerator<{ readonly jobIds: readonly string[]; readonly state: keyof RunCounts }> {
  for (const kind of jobKinds)
    for (const { name, isSorted, state } of places) {
      const key = `${prefix}:${kind}:${name}`;
      for (let from = 0; ; from += idsAtOnce) {
        const range = [String(from), String(from + idsAtOnce - 1)] as const;
        const jobIds = await (isSorted ? redis.zrange(key, ...range) : redis.lrange(key, ...range));
        yield { jobIds, state };
        if (jobIds.length < idsAtOnce) break;
      }
    }
}

function tooManyJobs(): AppError {
  return new AppError({
    code: 'host-refused',
    message: `The queue lists more than ${mostListed} jobs or ${mostRuns} runs.`,
    nextStep: 'Check url and prefix under [queue], and who else may write to that server.',
  });
}
