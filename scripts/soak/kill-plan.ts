import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLockOwner } from '../../src/adapters/files/process-lock.ts';
import { taskResultSchema } from '../../src/protocol/task-result.ts';

/** One run, from nothing to its end, with kills on the way. */
export interface CampaignOptions {
  /** At most so many kills; then the run is left alone. */
  readonly kills: number;
  readonly specs: number;
  readonly latencyMs: number;
  readonly longestWaitMs: number;
  /** Enriched specs also go over their sources. */
  readonly writesBack: boolean;
  readonly random01: () => number;
}

/** What stood on the host when something was killed. */
export interface KillRecord {
  readonly target: string;
  readonly published: ReadonlySet<string>;
  /** How many requests the server had seen by then. */
  readonly asked: number;
}

/** What one kill hits. */
export type KillTarget = 'cli' | 'worker' | 'both';

const targets: readonly KillTarget[] = ['cli', 'worker', 'both'];

/** The next kill: what, and how long after the program was started or last killed, in milliseconds. */
export function nextKill(random01: () => number, longestWaitMs: number) {
  const target = targets[Math.floor(random01() * targets.length)] ?? 'cli';
  return { target, waitMs: Math.floor(random01() * longestWaitMs) };
}

/** Ids of the runs that a host's folder holds. */
export async function runsOnHost(hostRoot: string): Promise<readonly string[]> {
  return await readdir(join(hostRoot, 'runs')).catch(() => []);
}

/** Kills the worker of a run; false when there is none. */
export async function killWorker(hostRoot: string, runId: string): Promise<boolean> {
  const owner = await readLockOwner(join(hostRoot, 'runs', runId, 'worker_0.lock'));
  return owner !== null && killProcess(owner.pid);
}

/** Keys of the good results that lie on the host: what must never be asked again. */
export async function publishedKeys(hostRoot: string, runId: string): Promise<ReadonlySet<string>> {
  const folder = join(hostRoot, 'runs', runId, 'results');
  const names = await readdir(folder).catch(() => []);
  const keys = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => {
      const result = taskResultSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      return result.status === 'ok' ? [result.task_key] : [];
    });
  return new Set((await Promise.all(keys)).flat());
}

function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
