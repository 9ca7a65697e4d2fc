import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { asDiskError, isErrno, temporaryPathFor } from './publish-file.ts';

const lockOwnerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Tells a process from a later one with the same pid: its start in clock ticks since boot, where known. */
  process_start: z.string().nullable(),
  acquired_at: z.string(),
  token: z.string(),
});

/** How long to wait while another process takes a stale lock over, in milliseconds. */
const guardPollMs = 5;

/** Who holds a lock. */
export type LockOwner = z.infer<typeof lockOwnerSchema>;

/** Either the lock, to be released once, or who has it. `isTakenOver` when whoever had it died with it. */
export type LockAttempt =
  | { readonly isHeld: true; readonly isTakenOver: boolean; release(): Promise<void> }
  | { readonly isHeld: false; readonly owner: LockOwner };

/**
 * Takes the lock file at `path` for this process, or says who has it. A lock whose process is gone is taken over
 * at once; one of another machine is respected, because nothing here can tell whether its process lives.
 */
export async function acquireProcessLock(path: string): Promise<LockAttempt> {
  const mine = await describeThisProcess();
  await mkdir(dirname(path), { recursive: true });
  for (let isTakenOver = false; ; isTakenOver = true) {
    if (await linkNew(path, mine)) return { isHeld: true, isTakenOver, release: () => release(path, mine) };
    const owner = await readLockOwner(path);
    if (owner && (await isOwnerAlive(owner))) return { isHeld: false, owner };
    await removeStale(path, owner, mine);
  }
}

/** Who holds the lock at `path`; null when nobody does, or when the file is damaged. */
export async function readLockOwner(path: string): Promise<LockOwner | null> {
  try {
    return lockOwnerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Whether the lock's process lives. One of another machine counts as alive. */
export async function isOwnerAlive(owner: LockOwner): Promise<boolean> {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
  return owner.process_start === null || owner.process_start === (await processStart(owner.pid));
}

async function describeThisProcess(): Promise<LockOwner> {
  return {
    pid: process.pid,
    host: hostname(),
    process_start: await processStart(process.pid),
    acquired_at: new Date().toISOString(),
    token: randomBytes(8).toString('hex'),
  };
}

/** Publishes the lock file with its whole content, unless one is there: `link` fails where `rename` would replace. */
async function linkNew(path: string, owner: LockOwner): Promise<boolean> {
  const temporary = temporaryPathFor(path);
  try {
    await writeFile(temporary, `${JSON.stringify(owner)}\n`);
    await link(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw asDiskError(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Removes a dead process's lock. Only whoever has the guard may do so: without it, one that judged the old lock
 * could remove the new one that a faster process has already put in its place.
 */
async function removeStale(path: string, judged: LockOwner | null, mine: LockOwner): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await linkNew(guard, mine))) {
    const holder = await readLockOwner(guard);
    if (holder && (await isOwnerAlive(holder))) await delay(guardPollMs);
    else await rm(guard, { force: true });
    return;
  }
  try {
    const present = await readLockOwner(path);
    if (present?.token === judged?.token) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function release(path: string, mine: LockOwner): Promise<void> {
  const owner = await readLockOwner(path);
  if (owner?.token === mine.token) await rm(path, { force: true });
}

async function processStart(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the second one, the program's name, may hold spaces and ends at the last parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
