import { printable } from './words.ts';

/** Lines of one worker's log; each names its worker where there are several. */
export function formatLogLines(workerId: number, lines: readonly string[], workers: number): string {
  const prefix = workers > 1 ? `worker ${workerId} | ` : '';
  return lines.map((line) => `${prefix}${printableLine(line)}\n`).join('');
}

/** Tabs and the end of a Windows line are harmless, and common in logs. */
function printableLine(line: string): string {
  return line.replace(/\r$/, '').split('\t').map(printable).join('\t');
}
