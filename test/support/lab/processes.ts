import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** A process of this machine, as `/proc` shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  /** The name of its program; empty for a process that has ended and was not asked about yet. */
  readonly program: string;
  /** Its command line and its environment, in which arguments and variables end with a zero byte. */
  readonly text: string;
}

/** All processes there are. */
export async function listProcesses(): Promise<readonly ProcessFacts[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return await Promise.all(pids.map(factsOf));
}

/** The processes that were started by these, and by those again; without these themselves. */
export function descendantsOf(
  pids: ReadonlySet<number>,
  all: readonly ProcessFacts[],
): readonly ProcessFacts[] {
  const children = all.filter(({ pid, parentPid }) => pids.has(parentPid) && !pids.has(pid));
  if (children.length === 0) return [];
  return [...children, ...descendantsOf(new Set([...pids, ...children.map(({ pid }) => pid)]), all)];
}

/** Whether a process in a container has anything below the folder mounted. */
export async function hasMounted(pid: number, folder: string): Promise<boolean> {
  const [own, its] = await Promise.all([mountNamespace('self'), mountNamespace(pid)]);
  if (its === null || its === own) return false;
  return (await read(pid, 'mountinfo')).includes(`${folder}/`);
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** The fourth field of `stat` is the parent; the second may hold anything, but ends with the last `)`. */
async function factsOf(pid: number): Promise<ProcessFacts> {
  const [stat, commandLine, environment] = await Promise.all([
    read(pid, 'stat'),
    read(pid, 'cmdline'),
    read(pid, 'environ'),
  ]);
  return {
    pid,
    parentPid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]),
    program: basename(commandLine.split('\0')[0] ?? ''),
    text: commandLine + environment,
  };
}

async function mountNamespace(pid: number | 'self'): Promise<string | null> {
  return await readlink(`/proc/${pid}/ns/mnt`).catch(() => null);
}

async function read(pid: number, name: string): Promise<string> {
  return await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
}
