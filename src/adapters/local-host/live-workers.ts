import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';

/** A worker process of this machine that is alive. */
export interface LiveWorker {
  readonly workerId: number;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** The workers that hold their lock in this run folder. One of another machine on a shared disk counts too. */
export async function liveWorkers(runFolder: string): Promise<LiveWorker[]> {
  const names = await readdir(runFolder).catch(() => []);
  const workers: LiveWorker[] = [];
  for (const name of names) {
    const workerId = /^worker_(\d{1,4})\.lock$/.exec(name)?.[1];
    if (workerId === undefined) continue;
    const owner = await readLockOwner(join(runFolder, name));
    if (owner === null || !(await isOwnerAlive(owner))) continue;
    const pid = isOwnerHere(owner) ? owner.pid : 0;
    workers.push({ workerId: Number(workerId), pid, startedAt: owner.acquired_at });
  }
  return workers;
}
