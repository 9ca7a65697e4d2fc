import { printableLines } from '../../core/printable.ts';

/** Lines of one worker's log; each names its worker where there are several. */
export function formatLogLines(workerId: number, lines: readonly string[], workers: number): string {
  const prefix = workers > 1 ? `worker ${workerId} | ` : '';
  return lines.map((line) => `${prefix}${printableLines(line)}\n`).join('');
}
