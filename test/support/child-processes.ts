import { readdir, readFile } from 'node:fs/promises';

/** Processes that this one started, with a word in their command line; those that have ended have none. Linux only. */
export async function childrenOf(word: string): Promise<number[]> {
  const pids: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter((number) => number > 0)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent !== process.pid) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(word)) pids.push(pid);
  }
  return pids;
}
