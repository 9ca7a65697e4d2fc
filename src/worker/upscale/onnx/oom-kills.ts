import { readFileSync, writeFileSync } from 'node:fs';

/** Of at most 1000: well above the worker, its encoders and most others. */
const victimScore = '500';

/** When memory runs out this process is to go before others, because it can be started again. Linux only. */
export function offerAsVictim(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', victimScore);
  } catch {
    // Another system, or a container that hides it.
  }
}

/** How many processes the system has ended for want of memory since it was started; 0 where it does not say. */
export function countOomKills(): number {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'utf8'));
  } catch {
    return 0;
  }
}

/** @param vmstat - What `/proc/vmstat` says. */
export function oomKillsIn(vmstat: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(vmstat)?.[1] ?? 0);
}
