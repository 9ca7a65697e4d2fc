import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { waitFor } from '../wait-for.ts';
import { descendantsOf, hasMounted, kill, listProcesses } from './processes.ts';

const run = promisify(execFile);

/**
 * Ends every process that belongs to a lab's folder, takes off what is mounted below it, and removes it. A process
 * belongs to it that has the folder in its command line or its environment, or mounted in its container; and so do all
 * that it started.
 */
export async function endLab(folder: string): Promise<void> {
  await waitFor(async () => {
    const pids = await processesOf(folder);
    for (const pid of pids) kill(pid);
    return pids.length === 0;
  }, 60_000);
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** The ids of a lab's processes, except this one's. */
export async function processesOf(folder: string): Promise<readonly number[]> {
  const all = (await listProcesses()).filter(({ pid }) => pid !== process.pid);
  const isOwn = await Promise.all(
    all.map(async ({ pid, text }) => text.includes(`${folder}/`) || (await hasMounted(pid, folder))),
  );
  const own = new Set(all.filter((_, index) => isOwn[index]).map(({ pid }) => pid));
  return [...own, ...descendantsOf(own, all).map(({ pid }) => pid)];
}

/** Paths below the folder that something is mounted on, the last one first. */
export async function mountsBelow(folder: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return mounts.filter((path) => path.startsWith(`${folder}/`)).reverse();
}

async function unmountBelow(folder: string): Promise<void> {
  for (const mount of await mountsBelow(folder)) {
    await run('umount', ['--lazy', mount]).catch(() => undefined);
  }
}
