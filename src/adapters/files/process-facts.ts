import { readFile } from 'node:fs/promises';

/** What the system tells of a process; null where it does not. */
interface ProcessFacts {
  /** Its state as a letter: `Z` and `X` have ended. */
  readonly state: string | null;
  /** When it was started, in clock ticks since boot. */
  readonly start: string | null;
}

/** State and start of a process of this machine. Only Linux tells. */
export async function processFacts(pid: number): Promise<ProcessFacts> {
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
