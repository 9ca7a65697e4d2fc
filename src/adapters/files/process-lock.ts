import { randomBytes } from 'node:crypto';
import { lstat, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { isErrno } from '../../errors/system-error.ts';
import { readTextAtMost } from './bounded-read.ts';
import { canLinkBeside, createOnce, type MakeLink } from './create-once.ts';
import { whoElseWrites } from './ownership.ts';
import { discardFile, makeFolder } from './publish-file.ts';

const lockOwnerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Tells a process from a later one with the same pid: its start in clock ticks since boot, where known. */
  process_start: z.string().nullable(),
  acquired_at: z.string(),
  token: z.string(),
});

/** What a process writes of itself is far shorter. */
const maxLockBytes = 64 * 1024;

/** Pause between looks at what another process is about to finish, in milliseconds. */
const pollMs = 5;

/** How long a lock file may be there without content before it counts as damaged, in milliseconds. */
const unfinishedMs = 500;

type LockOwner = z.infer<typeof lockOwnerSchema>;

/** Either the lock, to be released once, or who has it. `isTakenOver` when its last owner died with it. */
type LockAttempt =
  | { readonly isHeld: true; readonly isTakenOver: boolean; release(): Promise<void> }
  | { readonly isHeld: false; readonly owner: LockOwner };

/**
 * Takes the lock file at `path` for this process, or says who has it. A lock whose process is gone is taken over
 * at once; one of another machine is respected, because nothing here can tell whether its process lives.
 *
 * @param makeLink - How a file gets a second name; the system's own way unless told.
 * @throws AppError `disk-full`. Other errors of the system pass through.
 */
export async function acquireProcessLock(path: string, makeLink?: MakeLink): Promise<LockAttempt> {
  const mine = await describeThisProcess();
  await makeFolder(dirname(path));
  for (let isTakenOver = false; ; isTakenOver = true) {
    if (await createOnce(path, textOf(mine), makeLink))
      return { isHeld: true, isTakenOver, release: () => release(path, mine) };
    const owner = await finishedOwner(path, makeLink);
    if (owner && (await isOwnerAlive(owner))) return { isHeld: false, owner };
    await removeStale(path, owner, mine, makeLink);
  }
}

/** Who holds the lock at `path`; null when no process does, or when the file is damaged. */
export async function readLockOwner(path: string): Promise<LockOwner | null> {
  return parseJsonAs(
    lockOwnerSchema,
    await readTextAtMost(path, maxLockBytes, { noFollow: true }).catch(() => ''),
  );
}

/** Whether the lock's process runs on this machine; the pid of any other means nothing here. */
export function isOwnerHere(owner: LockOwner): boolean {
  return owner.host === hostname();
}

/**
 * Whether the lock's process lives. One of another machine counts as alive; one that has ended, and that only
 * waits for its parent to take note, does not.
 */
export async function isOwnerAlive(owner: LockOwner): Promise<boolean> {
  if (!isOwnerHere(owner)) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
  const { state, start } = await processFacts(owner.pid);
  if (state === 'Z' || state === 'X') return false;
  return owner.process_start === null || owner.process_start === start;
}

/**
 * Whether the lock at `path` was made by the process that it names, as far as the system tells: it is no file of another
 * user's, and on Linux it knows when that process was started. Some disks give every file the rights of all.
 */
export async function isOwnerProven(path: string, owner: LockOwner): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null || whoElseWrites({ ...stats, mode: 0 }) !== null) return false;
  return owner.process_start === (await processFacts(owner.pid)).start;
}

async function describeThisProcess(): Promise<LockOwner> {
  return {
    pid: process.pid,
    host: hostname(),
    process_start: (await processFacts(process.pid)).start,
    acquired_at: new Date().toISOString(),
    token: randomBytes(8).toString('hex'),
  };
}

function textOf(owner: LockOwner): string {
  return `${JSON.stringify(owner)}\n`;
}

/**
 * Like `readLockOwner`; but where a lock cannot appear with its content, an empty one is given time to get it.
 */
async function finishedOwner(path: string, makeLink?: MakeLink): Promise<LockOwner | null> {
  if (!(await isEmpty(path)) || (await canLinkBeside(path, makeLink))) return await readLockOwner(path);
  for (let waitedMs = 0; waitedMs < unfinishedMs && (await isEmpty(path)); waitedMs += pollMs) {
    await delay(pollMs);
  }
  return await readLockOwner(path);
}

async function isEmpty(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true && found.size === 0;
}

/**
 * Removes a dead process's lock. Only the process that has the guard may do so: without it, one that judged the old lock
 * could remove the new one that a faster process has already put in its place.
 */
async function removeStale(
  path: string,
  judged: LockOwner | null,
  mine: LockOwner,
  makeLink?: MakeLink,
): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createOnce(guard, textOf(mine), makeLink))) {
    const holder = await finishedOwner(guard, makeLink);
    if (holder && (await isOwnerAlive(holder))) await delay(pollMs);
    else await rm(guard, { force: true });
    return;
  }
  try {
    const present = await finishedOwner(path, makeLink);
    if (present?.token === judged?.token) await rm(path, { force: true });
  } finally {
    await discardFile(guard);
  }
}

async function release(path: string, mine: LockOwner): Promise<void> {
  const owner = await readLockOwner(path);
  if (owner?.token === mine.token) await rm(path, { force: true });
}

/** What the system tells of a process; null where it does not. */
interface ProcessFacts {
  /** Its state as a letter: `Z` and `X` have ended. */
  readonly state: string | null;
  /** When it was started, in clock ticks since boot. */
  readonly start: string | null;
}

/** State and start of a process of this machine. Only Linux tells. */
async function processFacts(pid: number): Promise<ProcessFacts> {
  if (process.platform !== 'linux') return { state: null, start: null };
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Fields 3 and 22; the second one, the program's name, may hold spaces and ends at the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? null, start: fields[19] ?? null };
  } catch {
    return { state: null, start: null };
  }
}
