import { processesOf, type RunProcess } from '../bench/support/run-processes.ts';

/** What one kill hits: one process, or all that belong to a run at once. */
export type VideoKillTarget = 'program' | 'worker' | 'ffmpeg' | 'everything';

export const videoKillTargets: readonly VideoKillTarget[] = ['program', 'worker', 'ffmpeg', 'everything'];

/**
 * The next kill: what, and how long after the program was started or something of it was killed, in milliseconds. Short
 * waits come more often, so that most runs are hit several times, and the longest reach to a run's end.
 */
export function nextVideoKill(random01: () => number, longestWaitMs: number) {
  const target = videoKillTargets[Math.floor(random01() * videoKillTargets.length)] ?? 'program';
  return { target, waitMs: Math.floor(random01() ** 2 * longestWaitMs) };
}

/** Kills processes of the run with this mark; false when it has none of that kind. */
export async function killOf(
  target: VideoKillTarget,
  mark: string,
  random01: () => number,
): Promise<boolean> {
  const hit = chosen(target, await processesOf(mark), random01);
  return hit.map(({ pid }) => killProcess(pid)).some(Boolean);
}

/** Those that are hit; of several ffmpegs one. */
function chosen(
  target: VideoKillTarget,
  processes: readonly RunProcess[],
  random01: () => number,
): readonly RunProcess[] {
  if (target === 'everything') return processes;
  const ofKind = processes.filter(({ kind }) => kind === target);
  const at = Math.floor(random01() * ofKind.length);
  return target === 'ffmpeg' ? ofKind.slice(at, at + 1) : ofKind;
}

function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
